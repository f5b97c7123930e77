# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest

from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.near_static import (
    NearStaticFilter,
    rotation_angle_deg,
)
from depth_completion_core.sensing.near_static_config import NearStatic

_GREY = np.full((48, 64, 3), 128, np.uint8)


def _pose(x: float = 0.0, yaw_deg: float = 0.0) -> RigidTransform:
    half = np.radians(yaw_deg) / 2
    return RigidTransform.from_quaternion((0.0, 0.0, np.sin(half), np.cos(half)), (x, 0.0, 0.0))


def _kept(poses: list[RigidTransform | None], images: list[UInt8Array] | None = None) -> list[bool]:
    config = NearStatic(translation=0.05, rotation_deg=1.0, changed_share=0.1)
    near_static = NearStaticFilter(config)
    shown = images or [_GREY] * len(poses)
    return [not near_static.is_near_static(*item) for item in zip(shown, poses, strict=True)]


def test_slow_motion_adds_up_from_the_last_frame_kept() -> None:
    kept = _kept([_pose(0.02 * number) for number in range(8)])
    assert kept == [True, False, False, True, False, False, True, False]


def test_a_turn_on_the_spot_is_motion() -> None:
    assert _kept([_pose(0), _pose(0, 0.9), _pose(0, 1.1)]) == [True, False, True]


@pytest.mark.parametrize("angle_deg", [0.0, 1e-3, 1.0, 90.0, 179.0])
def test_angles_of_rotations(angle_deg: float) -> None:
    assert rotation_angle_deg(_pose(1.0, angle_deg)) == pytest.approx(angle_deg, abs=1e-9)


def test_poses_overrule_what_moves_in_the_image() -> None:
    noise = np.random.default_rng(0).integers(0, 256, _GREY.shape, dtype=np.uint8)
    assert _kept([_pose(), _pose()], [_GREY, noise]) == [True, False]


def test_without_poses_images_tell() -> None:
    random = np.random.default_rng(1)
    scene = cv2.GaussianBlur(random.integers(0, 256, (240, 340, 3), dtype=np.uint8), (0, 0), 6)
    scene = cv2.normalize(scene, scene, 0, 230, cv2.NORM_MINMAX)
    first, later = (scene[:, left : left + 320].astype(np.uint8) for left in (0, 12))
    noisy = cv2.add(first, random.integers(0, 10, first.shape, dtype=np.uint8)).astype(np.uint8)
    brighter = cv2.add(first, np.full_like(first, 20)).astype(np.uint8)
    images = [first, noisy, brighter, later, later]
    assert _kept([None] * 5, images) == [True, False, False, True, False]


def test_an_image_of_another_size_is_another_image() -> None:
    assert _kept([None, None], [_GREY, _GREY[:24]]) == [True, True]
