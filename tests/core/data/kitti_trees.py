# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small drives in the layouts of KITTI's archives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.transforms import RigidTransform
from tests.core.data.written_files import random_image, spelled, write_image, write_text

HEIGHT, WIDTH = 60, 100
DATE, DRIVE = "2011_09_26", "2011_09_26_drive_0001_sync"
PROJECTIONS = {
    2: np.array([[70.0, 0.0, 47.3, 5.1], [0.0, 70.0, 30.2, 0.2], [0.0, 0.0, 1.0, 0.0027]]),
    3: np.array([[71.0, 0.0, 48.3, -3.1], [0.0, 71.0, 29.2, 0.1], [0.0, 0.0, 1.0, 0.0022]]),
}
RECTIFICATION = RigidTransform.from_quaternion((0.004, -0.003, 0.002, 1.0), (0.0, 0.0, 0.0))
CAMERA_FROM_VELODYNE = RigidTransform.from_quaternion(
    (0.505, -0.495, 0.498, 0.502), (-0.004, -0.076, -0.272)
)
VELODYNE_FROM_IMU = RigidTransform.from_quaternion((0.01, 0.0, -0.01, 1.0), (-0.81, 0.32, -0.8))


def number_png(number: int) -> str:
    return f"{number:010d}.png"


def kitti_pixels(
    points: npt.NDArray[np.float64], camera_index: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """KITTI's own formula y = P R_rect_00 Tr_velo_to_cam x: (N, 2) pixels and (N,) depth."""
    rectification = np.eye(4)
    rectification[:3, :3] = RECTIFICATION.rotation
    homogeneous = np.column_stack([points, np.ones(len(points))]).T
    projection = PROJECTIONS[camera_index] @ rectification @ CAMERA_FROM_VELODYNE.matrix
    u, v, w = projection @ homogeneous
    return np.column_stack([u / w, v / w]), w


def write_camera_calibration(folder: Path, *, projection: npt.ArrayLike | None = None) -> None:
    lines = ["calib_time: 09-Jan-2012 13:57:47", f"R_rect_00: {spelled(RECTIFICATION.rotation)}"]
    for index, own in PROJECTIONS.items():
        lines.append(f"P_rect_{index:02d}: {spelled(own if projection is None else projection)}")
    write_text(folder / "calib_cam_to_cam.txt", "\n".join(lines))


def write_rigid_calibrations(folder: Path) -> None:
    for name, transform in (
        ("calib_velo_to_cam.txt", CAMERA_FROM_VELODYNE),
        ("calib_imu_to_velo.txt", VELODYNE_FROM_IMU),
    ):
        rotation, translation = spelled(transform.rotation), spelled(transform.translation)
        write_text(folder / name, f"calib_time: today\nR: {rotation}\nT: {translation}\n")


def write_drive(
    drive: Path, numbers: range, *, cameras: tuple[int, ...] = (2,), height: int = HEIGHT
) -> None:
    """Images whose colours follow from camera and number."""
    for index in cameras:
        for number in numbers:
            path = drive / f"image_{index:02d}" / "data" / number_png(number)
            write_image(path, random_image(100 * index + number, height, WIDTH))


def write_sweep(path: Path, points: npt.ArrayLike) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    xyz = np.asarray(points, dtype=np.float64)
    np.column_stack([xyz, np.full(len(xyz), 0.5)]).astype("<f4").tofile(path)


def write_oxts(drive: Path, number: int, *navigation: float) -> None:
    """Latitude, longitude, altitude, roll, pitch, yaw; then what is not read."""
    words = [f"{value:.15g}" for value in (*navigation, *([0.0] * 24))]
    write_text(drive / "oxts" / "data" / f"{number:010d}.txt", " ".join(words) + "\n")
