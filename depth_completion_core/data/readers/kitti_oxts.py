# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Poses of KITTI's raw drives from their inertial and satellite navigation (oxts)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.readers.kitti_drive import calibrated_camera, rigid_calibration
from depth_completion_core.data.readers.reading import blamed_on
from depth_completion_core.data.sample import UnfitSampleError
from depth_completion_core.geometry.transforms import RigidTransform

_EARTH_RADIUS = 6378137.0  # metres, as in the development kit


def camera_poses(
    drive: Path, camera_index: int, images: Sequence[Path], *, size: tuple[int, int]
) -> list[RigidTransform]:
    """For each image the world from its optical frame; empty without oxts.

    Args:
        drive: the folder.
        camera_index: of the images.
        images: files NUMBER.png, which name their files of the navigation.
        size: (height, width) of the images, pixels.

    Raises:
        DataError: a file of the navigation or of the calibration is missing or damaged.
    """
    if not (drive / "oxts" / "data").is_dir():
        return []
    camera_from_velodyne = calibrated_camera(drive, camera_index, size=size).camera_from_frame
    camera_from_imu = camera_from_velodyne @ rigid_calibration(drive, "calib_imu_to_velo.txt")
    imu_from_camera = camera_from_imu.inverse()
    return [imu_pose(drive, int(image.stem)) @ imu_from_camera for image in images]


def imu_pose(drive: Path, number: int) -> RigidTransform:
    """The world from the IMU's frame: x forward, y left, z up; the world's x is east, y north.

    As ``convertOxtsToPose.m`` of KITTI's development kit: with r the Earth's radius and s the
    cosine of the drive's first latitude, the Mercator projection puts the car at
    x = s r pi lon / 180, y = s r ln tan(pi (90 + lat) / 360), z = altitude, and its rotation is
    Rz(yaw) Ry(pitch) Rx(roll). Only differences of poses have a meaning.

    Raises:
        DataError: the file is missing or damaged.
    """
    folder = drive / "oxts" / "data"
    latitude, longitude, altitude, roll, pitch, yaw = _navigation(folder / f"{number:010d}.txt")
    scaled_radius = np.cos(np.radians(_first_latitude(folder))) * _EARTH_RADIUS
    x = scaled_radius * np.radians(longitude)
    y = scaled_radius * np.log(np.tan(np.radians(90.0 + latitude) / 2.0))
    return RigidTransform(_rotation_zyx(roll, pitch, yaw), np.array([x, y, altitude]))


def _rotation_zyx(roll: float, pitch: float, yaw: float) -> npt.NDArray[np.float64]:
    (cr, cp, cy), (sr, sp, sy) = np.cos([roll, pitch, yaw]), np.sin([roll, pitch, yaw])
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    rotation: npt.NDArray[np.float64] = about_z @ about_y @ about_x
    return rotation


@lru_cache(maxsize=512)
def _first_latitude(folder: Path) -> float:
    return float(_navigation(min(folder.glob("*.txt")))[0])


def _navigation(path: Path) -> npt.NDArray[np.float64]:
    """(6,) float64: latitude and longitude in degrees, altitude in metres, three angles in rad."""
    with blamed_on(path):
        words = path.read_text(encoding="utf-8").split()
        numbers = np.array(words[:6], dtype=np.float64)
    if len(numbers) < 6 or not np.isfinite(numbers).all():
        raise UnfitSampleError(
            "a pose that is none",
            f"{path} begins with '{' '.join(words[:6])}', expected latitude, longitude, altitude, "
            "roll, pitch and yaw; unpack the drive's oxts again",
        )
    return numbers
