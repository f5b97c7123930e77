# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of a set-up that cost the whole result: each is named, and right set-ups are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from depth_completion_core.alignment import AlignmentFrame
from depth_completion_core.alignment.placement import edge_scenes, placement_findings
from depth_completion_core.alignment.projection_fit import measured_projection
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.calibration import CalibratedCamera
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.rectification import Projections
from tests.core.alignment.board_scene import (
    CAMERA,
    CAMERA_FROM_LIDAR,
    OPTICAL_FROM_BODY,
    board_frame,
    board_image,
    board_sweep,
)

_ABOUT_Z = {
    degrees: RigidTransform.from_quaternion(
        (0.0, 0.0, np.sin(np.radians(degrees / 2)), np.cos(np.radians(degrees / 2))), np.zeros(3)
    )
    for degrees in (90, 180)
}


def _found(*frames: AlignmentFrame) -> list[str]:
    findings = placement_findings(edge_scenes(frames), "camera + lidar")
    assert all(item.severity == "error" and item.remedy for item in findings)
    return [item.found for item in findings]


def _all_around(points: Float32Array) -> Float32Array:
    """The sweep, and walls to all other sides, so that every camera sees points."""
    random = np.random.default_rng(0)
    rays = random.normal(size=(12_000, 3))
    rays = rays[rays[:, 0] < 0.3 * np.linalg.norm(rays, axis=1)]
    rays /= np.abs(rays).max(axis=1, keepdims=True)
    return np.concatenate([points, (7.0 * rays).astype(np.float32)])


@pytest.mark.parametrize("points", [board_sweep(), _all_around(board_sweep())])
def test_a_right_set_up_is_not_doubted(points: Float32Array) -> None:
    assert _found(board_frame(points=points)) == []


@pytest.mark.parametrize(
    ("camera_from_lidar", "cause"),
    [
        (OPTICAL_FROM_BODY.inverse() @ CAMERA_FROM_LIDAR, "were a body frame (x forward)"),
        (CAMERA_FROM_LIDAR.inverse(), "extrinsics were inverted"),
        (CAMERA_FROM_LIDAR @ _ABOUT_Z[180], "half a turn about its z axis"),
        (CAMERA_FROM_LIDAR @ _ABOUT_Z[90], "90 deg about its axis (0 0 -1)"),
    ],
)
def test_clouds_out_of_view_are_told_with_their_cause(
    camera_from_lidar: RigidTransform, cause: str
) -> None:
    (found,) = _found(board_frame(camera_from_lidar))
    assert "no point lies in the image" in found
    assert cause in found


@pytest.mark.parametrize(
    ("camera_from_lidar", "cause"),
    [
        (OPTICAL_FROM_BODY.inverse() @ CAMERA_FROM_LIDAR, "were a body frame (x forward)"),
        (CAMERA_FROM_LIDAR.inverse(), "extrinsics were inverted"),
        (CAMERA_FROM_LIDAR @ _ABOUT_Z[180], "half a turn about its z axis"),
    ],
)
def test_clouds_in_view_at_the_wrong_place_are_told_by_their_edges(
    camera_from_lidar: RigidTransform, cause: str
) -> None:
    (found,) = _found(board_frame(camera_from_lidar, points=_all_around(board_sweep())))
    assert "not where the set-up says" in found
    assert cause in found


def test_an_image_upside_down_is_told() -> None:
    upside_down = board_frame(_ABOUT_Z[180] @ CAMERA_FROM_LIDAR)
    (found,) = _found(upside_down)
    assert "the optical frame of the images were turned by 180 deg about its axis (0 0 1)" in found


def test_nothing_is_said_where_nothing_is_known() -> None:
    def unknown(_: int) -> RigidTransform:
        raise TransformError("no odometry")

    noise = np.random.default_rng(1).integers(0, 256, (150, 200, 3)).astype(np.uint8)
    assert _found() == []
    assert _found(replace(board_frame(), camera_from_points=unknown)) == []
    assert _found(board_frame(points=np.empty((0, 3), np.float32))) == []
    assert _found(board_frame(image=noise)) == []


# P, or K and D


_RAW = CameraModel(
    fx=215.0,
    fy=214.0,
    cx=118.0,
    cy=88.0,
    width=200,
    height=150,
    distortion_model="plumb_bob",
    distortion=(-0.37, 0.2, 0.0, 0.0, 0.0),
)


def _projections(raw: CameraModel, rectified: CameraModel) -> Projections:
    here = RigidTransform.identity()
    return Projections(
        raw=CalibratedCamera(raw, here),
        rectified=CalibratedCamera(rectified, here),
        apart_px=30.0,
    )


@pytest.mark.parametrize("is_rectified", [True, False])
@pytest.mark.parametrize("said", [True, False])
def test_edges_tell_which_projection_made_the_images(is_rectified: bool, said: bool) -> None:
    projections = _projections(_RAW, CAMERA)
    image = board_image(CAMERA if is_rectified else _RAW)
    frame = board_frame(camera=CAMERA if said else _RAW, image=image)
    found = measured_projection(edge_scenes([frame]), projections, rectified=said)
    assert found.rectified is is_rectified


def test_edges_do_not_tell_projections_apart_that_are_nearly_the_same() -> None:
    nearly = replace(CAMERA, fx=161.5, fy=161.5)
    scenes = edge_scenes([board_frame()])
    for projections, some in (
        (_projections(nearly, CAMERA), scenes),
        (_projections(_RAW, CAMERA), []),
    ):
        assert measured_projection(some, projections, rectified=True) == (None, False)


@pytest.mark.parametrize("seed", range(6))
def test_edges_of_noise_raise_no_doubt(seed: int) -> None:
    size = (CAMERA.height, CAMERA.width, 3)
    noise = np.random.default_rng(seed).normal(128, 60, size).clip(0, 255).astype(np.uint8)
    scenes = edge_scenes([board_frame(camera=_RAW, image=noise)])
    found = measured_projection(scenes, _projections(_RAW, CAMERA), rectified=False)
    assert found == (None, False)
