# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A box before a wall from two places: by true depth and motion, one view is the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from depth_completion_core.geometry.multiview.cameras import PinholeCamera
from depth_completion_core.geometry.multiview.visibility import nearest_depth, visible
from depth_completion_core.geometry.multiview.warping import Warped, warp
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.world.casting.cast import CastScenes
from depth_completion_core.world.render import camera_bundles, untiled
from depth_completion_core.world.scene import WorldScene
from tests.core.world.small_scenes import CAMERA, LOOKING_ALONG_X, scene_of, wall_and_box

_SIZE = (CAMERA.height, CAMERA.width)


class _Pair(NamedTuple):
    """Depth of a target and of another view, (2, 1, H, W) metres."""

    depths: Tensor
    view_from_target: Tensor
    camera: PinholeCamera


def _depth(scene: WorldScene) -> Tensor:
    """(1, H, W) metres, by rays alone: light would take long."""
    hit = CastScenes.of([scene.table], "cpu").cast(camera_bundles([scene], torch.device("cpu")))
    return untiled(hit.t[..., None], 1, *_SIZE)[..., 0]


@pytest.fixture(scope="module")
def pair() -> _Pair:
    """The camera goes forward, aside and turns a little."""
    turned = np.deg2rad(3.0)
    cosine, sine = np.cos(turned), np.sin(turned)
    target_from_view = RigidTransform(
        np.array([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]]),
        np.array([-0.3, 0.05, 0.2]),
    )
    places = (LOOKING_ALONG_X, LOOKING_ALONG_X @ target_from_view)
    depths = [_depth(scene_of(wall_and_box(), world_from_camera=place)) for place in places]
    return _Pair(
        depths=torch.stack(depths),
        view_from_target=torch.from_numpy(target_from_view.inverse().matrix).float()[None],
        camera=PinholeCamera(torch.from_numpy(CAMERA.K).float()[None]),
    )


def _warped(pair: _Pair, motion: Tensor) -> Warped:
    """The view's depth as the target sees it."""
    points = pair.camera.unproject(pair.depths[:1])
    return warp(pair.depths[1:], points, motion, pair.camera)


def _seen(warped: Warped, seen_depth: Tensor | None = None) -> Tensor:
    height, width = _SIZE
    return visible(warped.pixels, warped.depth, height=height, width=width, seen_depth=seen_depth)


def _as_far(warped: Warped, seen: Tensor) -> float:
    """Part of the seen pixels where the view's own depth is that of the moved points."""
    return float(((warped.image / warped.depth - 1).abs() < 0.02)[seen].float().mean())


def test_the_view_sees_the_moved_points_where_they_fall(pair: _Pair) -> None:
    warped = _warped(pair, pair.view_from_target)
    seen = _seen(warped, warped.image)
    assert seen.float().mean() > 0.9
    assert _as_far(warped, seen) > 0.99
    backwards = _warped(pair, torch.linalg.inv(pair.view_from_target))
    assert _as_far(backwards, _seen(backwards)) < 0.5


def test_what_the_box_hides_is_found_without_the_views_depth(pair: _Pair) -> None:
    """Beside the box, whose outline falls between pixels, the two ways differ."""
    height, width = _SIZE
    warped = _warped(pair, pair.view_from_target)
    everything = _seen(warped)
    by_view = everything & ~_seen(warped, warped.image)
    nearest = nearest_depth(warped.pixels, warped.depth, height=height, width=width)
    by_target = everything & ~_seen(warped, nearest)
    assert by_view.sum() > 40
    assert (by_view & by_target).sum() > 0.8 * (by_view | by_target).sum()
