# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.projection import project_points
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.undistortion import Undistorter

_STRAIGHT = CameraModel(fx=110, fy=112, cx=78.3, cy=61.2, width=160, height=120)


def _lens(model: str, *coefficients: float, focal: float = 110) -> CameraModel:
    return replace(
        _STRAIGHT, fx=focal, fy=1.02 * focal, distortion_model=model, distortion=coefficients
    )


_BARREL = _lens("plumb_bob", -0.25, 0.06, 0.001, -0.002, 0.0)
_PINCUSHION = _lens("plumb_bob", 0.2, 0.02, 0.001, -0.002, 0.0)
_FISHEYE = _lens("equidistant", 0.01, -0.004, 0.002, -0.001, focal=70)
_CAMERAS = pytest.mark.parametrize("camera", [_BARREL, _PINCUSHION, _FISHEYE])


@_CAMERAS
def test_no_pixel_is_left_empty_and_no_more_is_cut_than_needed(camera: CameraModel) -> None:
    new = Undistorter(camera).camera
    assert not new.is_distorted
    assert (new.cx, new.cy, new.width, new.height) == (camera.cx, camera.cy, 160, 120)
    map_x, map_y = camera.rectification_maps(new)
    assert map_x.min() >= -0.5
    assert map_y.min() >= -0.5
    if new.fx > camera.fx:
        wider = replace(new, fx=0.99 * new.fx, fy=0.99 * new.fy)
        assert camera.rectification_maps(wider)[0].min() == -1


def test_focal_lengths_stay_where_the_lens_sees_more() -> None:
    assert Undistorter(_BARREL).camera.fx == _BARREL.fx
    assert Undistorter(_PINCUSHION).camera.fx > _PINCUSHION.fx


@_CAMERAS
def test_straight_lines_are_straight(camera: CameraModel) -> None:
    """A plane, ray by ray through the lens, and ray by ray without it."""
    undistorter = Undistorter(camera)

    def seen_by(model: CameraModel) -> np.ndarray:
        rays, _ = model.rays()
        waves = np.cos(6 * rays[..., 0]) * np.cos(6 * rays[..., 1])
        return np.repeat((127 + 120 * waves)[..., None], 3, axis=2).astype(np.uint8)

    found = undistorter.image(seen_by(camera)).astype(int)
    expected = seen_by(undistorter.camera).astype(int)
    assert np.abs(found - expected)[2:-2, 2:-2].max() <= 6


@_CAMERAS
def test_points_go_where_projecting_them_puts_them(camera: CameraModel) -> None:
    """Warped by less than a pixel of rounding twice; the depth stays to the bit."""
    undistorter = Undistorter(camera)
    random = np.random.default_rng(0)
    points = torch.from_numpy(
        (random.normal(size=(300, 3)) * [1, 1, 0.3] + [0, 0, 3]).astype(np.float32)
    )
    still = RigidTransform.identity()

    def projected(model: CameraModel) -> SparseDepth:
        depth, valid = project_points(points, model, still, min_depth=0.1, max_depth=99)
        return SparseDepth(depth.numpy(), valid.numpy())

    found, expected = undistorter.points(projected(camera)), projected(undistorter.camera)
    distance = cv2.distanceTransform((~expected.valid).astype(np.uint8), cv2.DIST_C, 3)
    inside = found.valid.copy()
    inside[:3], inside[-3:], inside[:, :3], inside[:, -3:] = False, False, False, False
    assert inside.sum() > 50
    zoom = undistorter.camera.fx / camera.fx
    assert np.mean(distance[inside] <= 1 + zoom) > 0.97
    assert set(found.depth[found.valid]) <= set(points[:, 2].numpy())


@_CAMERAS
def test_depth_images_keep_their_values(camera: CameraModel) -> None:
    near, far = np.float32(1.0), np.float32(9.0)
    rays, _ = camera.rays()
    depth = SparseDepth.from_depth(np.where(rays[..., 0] < 0.1, near, far))
    undistorter = Undistorter(camera)
    found = undistorter.depth(depth)
    assert found.valid.all()
    assert set(np.unique(found.depth)) == {near, far}
    new_rays, _ = undistorter.camera.rays()
    is_wrong = found.depth != np.where(new_rays[..., 0] < 0.1, near, far)
    assert np.abs(new_rays[..., 0] - 0.1)[is_wrong].max(initial=0) < 1.0 / undistorter.camera.fx


def test_of_two_points_on_one_pixel_the_nearer_stays() -> None:
    lens = _lens("equidistant", -0.1, 0.0, 0.0, 0.0, focal=300).scaled(16, 16)
    undistorter = Undistorter(lens)
    depth = np.random.default_rng(0).uniform(1, 9, (16, 16)).astype(np.float32)
    found = undistorter.points(SparseDepth.from_depth(depth))
    rays, _ = lens.rays()
    expected = np.full((16, 16), np.inf, np.float32)
    for row, column in np.ndindex(16, 16):
        (u, v), seen = undistorter.camera.project(rays[row, column].astype(np.float64))
        if seen:
            place = round(float(v)), round(float(u))
            expected[place] = min(expected[place], depth[row, column])
    np.testing.assert_array_equal(found.depth, np.where(np.isfinite(expected), expected, 0))


def test_a_straight_camera_changes_nothing() -> None:
    undistorter, image = Undistorter(_STRAIGHT), np.zeros((120, 160, 3), np.uint8)
    assert undistorter.camera == _STRAIGHT
    assert undistorter.image(image) is image


def test_a_lens_that_cannot_be_undone_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be undone"):
        Undistorter(replace(_lens("plumb_bob", -30.0, 0.0, 0.0, 0.0, 0.0), cx=150))
