# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files of one drive of KITTI's raw data: Geiger et al., IJRR 2013, and its readme.txt.

A drive is a folder with ``image_02/data/*.png`` (or .jpg) and ``velodyne_points/data/*.bin``, its
calibration in the folder above; flat folders (``image_02/*.png``, ``velodyne_points`` or
``velodyne_fov`` ``/*.bin``, calibration beside them) are read too. File n of a stream belongs to
file n of every other stream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.readers.reading import blamed_on, with_measured_points
from depth_completion_core.data.readers.sequences import numbered_files, numbered_images
from depth_completion_core.data.sample import DataError
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.calibration import (
    CalibratedCamera,
    camera_from_kitti_calibration,
    read_kitti_calibration,
)
from depth_completion_core.geometry.transforms import RigidTransform

COLOUR_CAMERAS = {"left": (2,), "right": (3,), "both": (2, 3)}
"""Numbers of the rectified colour cameras."""

_VELODYNE_FOLDERS = ("velodyne_points/data", "velodyne_points", "velodyne_fov")
_PERIOD_NS = 100_000_000
_EPOCH_NS = 1_317_000_000 * 10**9  # September 2011, for drives without time stamps


def image_files(drive: Path, camera_index: int) -> list[Path]:
    """The images of a camera by number, at least one; raises DataError."""
    folder = f"image_{camera_index:02d}"
    return _files(drive, (f"{folder}/data", folder), numbered_images, ".png or .jpg")


def sweep_files(drive: Path) -> list[Path]:
    """The sweeps of the lidar by number, at least one; raises DataError."""
    return _files(drive, _VELODYNE_FOLDERS, _sweeps_in, ".bin")


def calibrated_camera(drive: Path, camera_index: int, *, size: tuple[int, int]) -> CalibratedCamera:
    """A rectified camera; ``camera_from_frame`` takes points from the lidar to its optical frame.

    Args:
        drive: the folder.
        camera_index: 0 to 3.
        size: (height, width) of its images, pixels.

    Raises:
        DataError: a file of the calibration is missing, or lacks an entry.
    """
    camera, camera_from_rectified = rectified_camera(drive, camera_index, size=size)
    path = calibration_file(drive, "calib_cam_to_cam.txt")
    with blamed_on(path):
        rectification = _rigid(_entry(path, "R_rect_00"), np.zeros(3))
    camera_0_from_velodyne = rigid_calibration(drive, "calib_velo_to_cam.txt")
    return CalibratedCamera(camera, camera_from_rectified @ rectification @ camera_0_from_velodyne)


def rectified_camera(drive: Path, camera_index: int, *, size: tuple[int, int]) -> CalibratedCamera:
    """A rectified camera; ``camera_from_frame`` takes points from rectified camera 0.

    Args:
        drive: the folder.
        camera_index: 0 to 3.
        size: (height, width) of its images, pixels.

    Raises:
        DataError: calib_cam_to_cam.txt is missing, or lacks the camera.
    """
    path = calibration_file(drive, "calib_cam_to_cam.txt")
    with blamed_on(path):
        return camera_from_kitti_calibration(
            path, camera_index=camera_index, height=size[0], width=size[1]
        )


def rigid_calibration(drive: Path, name: str) -> RigidTransform:
    """The R and T of calib_velo_to_cam.txt or calib_imu_to_velo.txt; raises DataError."""
    path = calibration_file(drive, name)
    with blamed_on(path):
        return _rigid(_entry(path, "R"), _entry(path, "T"))


def calibration_file(drive: Path, name: str) -> Path:
    """A file of the drive or of the folder above it; raises DataError."""
    for folder in (drive, drive.parent):
        if (folder / name).is_file():
            return folder / name
    raise DataError(
        f"no {name} in {drive} or the folder above it; unpack KITTI's calibration there"
    )


def sweep_of(path: Path) -> Float32Array:
    """(N, 4) float32 x, y, z in metres and reflectance of a sweep's .bin; raises DataError."""
    with blamed_on(path):
        data = path.read_bytes()
    if not data or len(data) % 16:
        raise DataError(
            f"{path} holds {len(data) / 4:g} numbers, expected x y z reflectance per point, each "
            "4 bytes; copy the file again"
        )
    return with_measured_points(np.frombuffer(data, dtype="<f4").astype(np.float32).reshape(-1, 4))


def stamps_ns(files: Sequence[Path]) -> list[int]:
    """The time of each file of one stream, nanoseconds since 1970.

    By the stream's timestamps.txt, whose line n belongs to file n; without, 10 Hz by number.

    Raises:
        DataError: the listing is too short, or a line of it is not a time.
    """
    listing = files[0].parent.parent / "timestamps.txt"
    if not listing.exists():
        return [_EPOCH_NS + int(path.stem) * _PERIOD_NS for path in files]
    with blamed_on(listing):
        lines = listing.read_text(encoding="utf-8").split("\n")
    if int(files[-1].stem) >= len(lines):
        raise DataError(f"{listing} has {len(lines)} lines, expected one for {files[-1].name} too")
    return [_parsed_ns(lines[int(path.stem)], listing) for path in files]


def _sweeps_in(folder: Path) -> list[Path]:
    return numbered_files(folder, ".bin")


def _files(
    drive: Path, folders: tuple[str, ...], files_in: Callable[[Path], list[Path]], what: str
) -> list[Path]:
    for folder in folders:
        found = files_in(drive / folder)
        if found:
            return found
    raise DataError(
        f"no {what} files in {' or '.join(str(drive / item) for item in folders)}; expected a "
        "drive of KITTI's raw data"
    )


def _parsed_ns(line: str, listing: Path) -> int:
    """2011-09-26 13:02:25.594360375: nanoseconds, which datetime does not keep."""
    whole, _, fraction = line.strip().partition(".")
    try:
        seconds = datetime.strptime(whole, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
        return int(seconds.timestamp()) * 10**9 + int(fraction.ljust(9, "0")[:9] or 0)
    except ValueError as error:
        raise DataError(f"{listing}: '{line}' is not a time stamp") from error


def _entry(path: Path, name: str) -> npt.NDArray[np.float64]:
    entries = read_kitti_calibration(path)
    if name not in entries:
        raise ValueError(f"lacks the entry '{name}'; it has {', '.join(entries) or 'none'}")
    return entries[name]


def _rigid(
    rotation: npt.NDArray[np.float64], translation: npt.NDArray[np.float64]
) -> RigidTransform:
    return RigidTransform.from_matrix(np.column_stack([rotation.reshape(3, 3), translation]))
