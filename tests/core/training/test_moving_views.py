# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is warped after an augmentation is what was warped before it, augmented."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch

from depth_completion_core.data.sample import Sample
from depth_completion_core.data.sampling.augment import augment
from depth_completion_core.data.sampling.augment_geometry import (
    cropped,
    flipped,
    nearer,
    resized,
    rolled,
)
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.multiview.cameras import PinholeCamera
from depth_completion_core.geometry.multiview.warping import move
from depth_completion_core.training.feeds.collating import collate
from depth_completion_core.training.feeds.requirements import Requirements
from tests.core.data.sample_scenes import PINHOLE, slanted_plane

Float64Array = npt.NDArray[np.float64]
_OFFSETS = (-1, 1)
_POINTS = np.random.default_rng(1).uniform([-0.6, -0.4, 2.0], [0.6, 0.4, 4.0], (20, 3))
_OTHER = CameraModel(fx=44.0, fy=57.0, cx=35.0, cy=17.0, width=64, height=48)
_ANGLE_DEG = 9.0


def _turned(pixels: Float64Array, camera: CameraModel) -> Float64Array:
    """About the principal point, in units of the focal lengths; the picture counter-clockwise."""
    focal, middle = np.array([camera.fx, camera.fy]), np.array([camera.cx, camera.cy])
    angle = np.radians(_ANGLE_DEG)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned: Float64Array = (pixels - middle) / focal @ turn.T * focal + middle
    return turned


# What each change does to a sample, to points of its scene, and to the pixels of a camera.
_CHANGES: dict[
    str,
    tuple[
        Callable[[Sample], Sample],
        Float64Array,
        Callable[[Float64Array, CameraModel], Float64Array],
    ],
] = {
    "flip": (flipped, np.diag([-1.0, 1.0, 1.0]), lambda uv, _: [63.0, 0.0] + uv * [-1.0, 1.0]),
    "crop": (lambda each: cropped(each, 7, 5, 40, 30), np.eye(3), lambda uv, _: uv - [7.0, 5.0]),
    "larger": (
        lambda each: resized(each, 96, 60),
        np.eye(3),
        lambda uv, _: (uv + 0.5) * [1.5, 1.25] - 0.5,
    ),
    "nearer": (lambda each: nearer(each, 1.7), np.eye(3) / 1.7, lambda uv, _: uv),
    "roll": (
        lambda each: rolled(each, _ANGLE_DEG),
        np.array(
            [
                [np.cos(np.radians(_ANGLE_DEG)), np.sin(np.radians(_ANGLE_DEG)), 0.0],
                [-np.sin(np.radians(_ANGLE_DEG)), np.cos(np.radians(_ANGLE_DEG)), 0.0],
                [0.0, 0.0, 1.0],
            ]
        ),
        _turned,
    ),
}


def _scene() -> Sample:
    """Two views, of which the second one has other intrinsics than the rest."""
    sample = slanted_plane(PINHOLE)
    views = tuple(
        replace(view, camera=camera, stamp_ns=view.offset * 100_000_000)
        for view, camera in zip(sample.views, (PINHOLE, _OTHER), strict=True)
    )
    return replace(sample, views=views)


def _seen(sample: Sample, points: Float64Array) -> list[Float64Array]:
    """Where points of the target's frame are seen in each view, by what a batch holds of it."""
    batch = collate([sample], Requirements(names=(), view_offsets=_OFFSETS))
    pixels = []
    for view in batch.views[1:]:
        assert view.intrinsics is not None
        assert view.view_from_target is not None
        own = torch.from_numpy(points.T.astype(np.float32))[None, :, None]
        camera = PinholeCamera(view.intrinsics)
        projected = camera.project(move(own, view.view_from_target))
        pixels.append(projected.pixels[0, :, 0].T.double().numpy())
    return pixels


@pytest.mark.parametrize("what", _CHANGES)
def test_a_point_is_seen_in_a_view_where_the_change_puts_it(what: str) -> None:
    change, of_points, of_pixels = _CHANGES[what]
    before = _scene()
    found = _seen(change(before), _POINTS @ of_points.T)
    cameras = [view.camera for view in before.views]
    for pixels, old, camera in zip(found, _seen(before, _POINTS), cameras, strict=True):
        assert camera is not None
        np.testing.assert_allclose(pixels, of_pixels(old, camera), atol=2e-4)


def test_a_flip_moves_the_principal_point_of_every_view_and_mirrors_the_motion() -> None:
    before, after = _scene(), flipped(_scene())
    mirror = np.diag([-1.0, 1.0, 1.0])
    for old, new in zip(before.views, after.views, strict=True):
        assert old.camera is not None
        assert new.camera is not None
        assert new.camera.cx == 63.0 - old.camera.cx
        assert old.view_from_target is not None
        assert new.view_from_target is not None
        rotation, translation = old.view_from_target.rotation, old.view_from_target.translation
        np.testing.assert_allclose(new.view_from_target.rotation, mirror @ rotation @ mirror)
        np.testing.assert_allclose(new.view_from_target.translation, mirror @ translation)


def test_an_augmentation_leaves_times_and_order_alone() -> None:
    config = Augmentation(flip=0.5, zoom_max=1.4, crop_width_px=40, crop_height_px=30)
    after = augment(_scene(), config, np.random.default_rng(2))
    batch = collate([after], Requirements(names=(), view_offsets=(1, -1)))
    assert [view.offset for view in batch.views] == [0, 1, -1]
    assert [view.time_s.item() for view in batch.views] == pytest.approx([0.0, 0.1, -0.1])
    assert {tuple(view.image.shape) for view in batch.views} == {(1, 3, 30, 40)}
