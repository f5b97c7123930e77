# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What another view sees of an image: its borders, what lies behind it, what hides what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from depth_completion_core.geometry.multiview.cameras import PinholeCamera, Projection
from depth_completion_core.geometry.multiview.conventions import (
    FUSIONNET,
    OURS,
    PACKNET,
    WarpConvention,
)
from depth_completion_core.geometry.multiview.visibility import nearest_depth, visible
from depth_completion_core.geometry.multiview.warping import move, sample
from tests.golden.filling import numbers

_HEIGHT, _WIDTH = 24, 32


def _nearest(pixels: Tensor, depth: Tensor) -> Tensor:
    return nearest_depth(pixels, depth, height=_HEIGHT, width=_WIDTH)


def _visible(
    pixels: Tensor,
    depth: Tensor,
    seen_depth: Tensor | None = None,
    convention: WarpConvention = OURS,
) -> Tensor:
    return visible(
        pixels,
        depth,
        height=_HEIGHT,
        width=_WIDTH,
        convention=convention,
        seen_depth=seen_depth,
    )


def _moved(
    depth: Tensor, x: float = 0.0, z: float = 0.0, convention: WarpConvention = OURS
) -> Projection:
    """Where pixels fall once the camera has moved by -x and -z."""
    K = torch.tensor([[[30.0, 0, 15.5], [0, 30, 11.5], [0, 0, 1]]])
    camera = PinholeCamera(K, convention)
    motion = torch.eye(4)[None].clone()
    motion[0, 0, 3], motion[0, 2, 3] = x, z
    return camera.project(move(camera.unproject(depth), motion))


def _box_before_a_wall() -> Tensor:
    depth = torch.full((1, 1, _HEIGHT, _WIDTH), 6.0)
    depth[..., 8:16, 10:18] = 2.0
    return depth


def test_all_is_visible_from_where_it_was_seen() -> None:
    depth = 1 + 5 * numbers(60, (2, 1, _HEIGHT, _WIDTH))
    K = torch.tensor([[30.0, 0, 15.5], [0, 30, 11.5], [0, 0, 1]]).expand(2, 3, 3)
    camera = PinholeCamera(K)
    pixels, moved = camera.project(camera.unproject(depth))
    nearest = _nearest(pixels, moved)
    torch.testing.assert_close(nearest, depth)
    assert _visible(pixels, moved, seen_depth=nearest).all()


def test_what_moves_out_of_the_image_is_not_visible() -> None:
    pixels, depth = _moved(torch.full((1, 1, _HEIGHT, _WIDTH), 3.0), x=0.5)  # 5 pixels
    seen = _visible(pixels, depth)
    assert seen[..., : _WIDTH - 5].all()
    assert not seen[..., _WIDTH - 5 :].any()


def test_what_lies_behind_the_other_camera_is_not_visible() -> None:
    pixels, depth = _moved(_box_before_a_wall(), z=-4.0)
    seen = _visible(pixels, depth)
    assert not seen[..., 8:16, 10:18].any()
    assert seen[..., 11, 20]
    # Its mirror image falls into view, where the release of FusionNet finds colours.
    pixels, depth = _moved(_box_before_a_wall(), z=-4.0, convention=FUSIONNET)
    mirrored = _visible(pixels, depth, convention=replace(FUSIONNET, needs_view=True))
    assert mirrored[..., 8:16, 10:18].all()


def test_what_a_box_hides_once_the_camera_moved_is_not_visible() -> None:
    """The box moves by 6 pixels and the wall behind it by 2: 4 columns of the wall vanish."""
    pixels, depth = _moved(_box_before_a_wall(), x=0.4)
    seen = _visible(pixels, depth, seen_depth=_nearest(pixels, depth))
    in_view = _visible(pixels, depth)
    hidden = in_view & ~seen
    expected = torch.zeros_like(hidden)
    expected[..., 8:16, 18:22] = True
    assert torch.equal(hidden, expected)


def test_the_views_own_depth_hides_the_same() -> None:
    before = _box_before_a_wall()
    view_depth = torch.full_like(before, 6.0)
    view_depth[..., 8:16, 16:24] = 2.0
    pixels, depth = _moved(before, x=0.4)
    seen = _visible(pixels, depth, seen_depth=sample(view_depth, pixels))
    own = _visible(pixels, depth, seen_depth=_nearest(pixels, depth))
    assert torch.equal(seen, own)


def test_a_view_that_does_not_know_its_depth_hides_nothing() -> None:
    pixels, depth = _moved(_box_before_a_wall(), x=0.4)
    seen = _visible(pixels, depth, seen_depth=torch.zeros_like(depth))
    assert torch.equal(seen, _visible(pixels, depth))


def test_the_nearest_depth_is_that_of_loops_over_pixels() -> None:
    """Points behind the camera fall into the image, too, by the convention that mirrors them."""
    before = 0.5 + 4 * numbers(61, (1, 1, _HEIGHT, _WIDTH))
    pixels, depth = _moved(before, x=0.4, z=-0.9, convention=FUSIONNET)
    nearest: dict[tuple[int, int], float] = {}
    places = {}
    for row, column in np.ndindex(_HEIGHT, _WIDTH):
        u, v = (int(np.rint(number)) for number in pixels[0, :, row, column].tolist())
        z = float(depth[0, 0, row, column])
        if z > 0 and 0 <= u < _WIDTH and 0 <= v < _HEIGHT:
            places[row, column] = (u, v)
            nearest[u, v] = min(z, nearest.get((u, v), np.inf))
    found = _nearest(pixels, depth)
    for row, column in np.ndindex(_HEIGHT, _WIDTH):
        place = places.get((row, column))
        expected = nearest[place] if place else 0.0
        assert found[0, 0, row, column] == expected
    assert len(nearest) < len(places) < _HEIGHT * _WIDTH


def test_the_originals_ask_for_nothing() -> None:
    pixels, depth = _moved(_box_before_a_wall(), x=0.4, z=-4.0)
    nearest = _nearest(pixels, depth)
    for convention in (FUSIONNET, PACKNET):
        assert _visible(pixels, depth, convention=convention, seen_depth=nearest).all()
