# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of KITTI's raw drives: Geiger et al., IJRR 2013.

A drive is a folder with ``image_02/data/*.png`` and ``velodyne_points/data/*.bin``, its calibration
in the folder above; flat folders (``image_02/*.png``, ``velodyne_points`` or ``velodyne_fov``
``/*.bin``, calibration beside them) are read too. Sweeps are taken as KITTI gives them: already
corrected for the motion of the car.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import cv2
import numpy as np

from depth_completion_core.calibration import (
    CalibratedCamera,
    camera_from_kitti_calibration,
    read_kitti_calibration,
)
from depth_completion_core.transforms import RigidTransform
from rosbag_tools.errors import BagError
from rosbag_tools.recording import RecordedEvent, RecordedImage, RecordedSweep, Recording

_PERIOD_NS = 100_000_000
_EPOCH_NS = 1_317_000_000 * 10**9  # September 2011, for drives without time stamps
_VELODYNE_FOLDERS = ("velodyne_points/data", "velodyne_points", "velodyne_fov")


def kitti_raw_recording(root: Path, *, camera_index: int) -> Recording:
    """A rectified colour camera and the lidar of one drive.

    Raises:
        BagError: images, sweeps or calibration are not where they should be.
    """
    images = _files(root, (f"image_{camera_index:02d}/data", f"image_{camera_index:02d}"), ".png")
    sweeps = _files(root, _VELODYNE_FOLDERS, ".bin")
    height, width = _read_image(images[0]).shape[:2]
    calibrated = camera_from_kitti_calibration(
        _calibration_file(root, "calib_cam_to_cam.txt"),
        camera_index=camera_index,
        width=width,
        height=height,
    )
    lidar_from_camera = (calibrated.camera_from_frame @ _rectified_from_velodyne(root)).inverse()
    return Recording(
        camera=calibrated.camera,
        image_topic="image_rect_color",
        base_from_camera=lidar_from_camera,
        base_from_lidar=RigidTransform.identity(),
        events=_events(images, sweeps, calibrated),
        event_count=len(images) + len(sweeps),
    )


def _events(
    images: list[Path], sweeps: list[Path], calibrated: CalibratedCamera
) -> Iterator[RecordedEvent]:
    stamped = [(stamp, path) for paths in (images, sweeps) for stamp, path in _stamped(paths)]
    size = (calibrated.camera.height, calibrated.camera.width)
    for stamp_ns, path in sorted(stamped):
        if path.suffix == ".bin":
            yield _sweep(path, stamp_ns)
        else:
            image = _read_image(path)
            if image.shape[:2] != size:
                raise BagError(f"{path} is {image.shape[:2]}, expected {size} (height, width)")
            yield RecordedImage(stamp_ns=stamp_ns, image=image)


def _sweep(path: Path, stamp_ns: int) -> RecordedSweep:
    numbers = np.fromfile(path, dtype="<f4")
    if numbers.size == 0 or numbers.size % 4:
        raise BagError(f"{path} holds {numbers.size} numbers, expected x y z reflectance per point")
    records = numbers.astype(np.float32).reshape(-1, 4)
    return RecordedSweep(
        stamp_ns=stamp_ns,
        xyz=np.ascontiguousarray(records[:, :3]),
        fields={"intensity": np.ascontiguousarray(records[:, 3])},
    )


def _read_image(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise BagError(f"{path} is no readable image")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def _files(root: Path, folders: tuple[str, ...], suffix: str) -> list[Path]:
    for folder in folders:
        found = sorted((root / folder).glob(f"*{suffix}"))
        if found:
            return found
    raise BagError(f"no {suffix} files in {' or '.join(str(root / item) for item in folders)}")


def _stamped(paths: list[Path]) -> list[tuple[int, Path]]:
    """By the drive's timestamps.txt, whose line n belongs to file n; without, 10 Hz by number."""
    listing = paths[0].parent.parent / "timestamps.txt"
    if not listing.exists():
        return [(_EPOCH_NS + int(path.stem) * _PERIOD_NS, path) for path in paths]
    lines = listing.read_text(encoding="utf-8").split("\n")
    last = int(paths[-1].stem)
    if last >= len(lines):
        raise BagError(f"{listing} has {len(lines)} lines, expected one for {paths[-1].name} too")
    return [(_parsed_ns(lines[int(path.stem)], listing), path) for path in paths]


def _parsed_ns(line: str, listing: Path) -> int:
    """2011-09-26 13:02:25.594360375: nanoseconds, which datetime does not keep."""
    whole, _, fraction = line.strip().partition(".")
    try:
        seconds = datetime.strptime(whole, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
        return int(seconds.timestamp()) * 10**9 + int(fraction.ljust(9, "0")[:9] or 0)
    except ValueError as error:
        raise BagError(f"{listing}: '{line}' is no time stamp") from error


def _calibration_file(root: Path, name: str) -> Path:
    for folder in (root, root.parent):
        if (folder / name).exists():
            return folder / name
    raise BagError(f"no {name} in {root} or the folder above it")


def _rectified_from_velodyne(root: Path) -> RigidTransform:
    """Rectified camera 0 from the lidar."""
    to_camera = read_kitti_calibration(_calibration_file(root, "calib_velo_to_cam.txt"))
    cameras = read_kitti_calibration(_calibration_file(root, "calib_cam_to_cam.txt"))
    try:
        camera_from_velodyne = RigidTransform.from_matrix(
            np.column_stack([to_camera["R"].reshape(3, 3), to_camera["T"]])
        )
        rectification = RigidTransform.from_matrix(
            np.column_stack([cameras["R_rect_00"].reshape(3, 3), np.zeros(3)])
        )
    except KeyError as error:
        raise BagError(f"the calibration of {root} lacks the entry {error}") from error
    return rectification @ camera_from_velodyne
