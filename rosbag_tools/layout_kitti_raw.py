# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of KITTI's raw drives; see :mod:`depth_completion_core.data.readers.kitti_drive`.

Sweeps are taken as KITTI gives them: already corrected for the motion of the car. Where the drive
has its navigation (oxts) and calib_imu_to_velo.txt, that is the odometry, from its first pose on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from depth_completion_core.data.readers.kitti_drive import (
    calibrated_camera,
    image_files,
    rigid_calibration,
    stamps_ns,
    sweep_files,
    sweep_of,
)
from depth_completion_core.data.readers.kitti_oxts import imu_pose
from depth_completion_core.data.readers.sequences import numbered_files
from depth_completion_core.files.input_files import read_image
from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.errors import BagError
from rosbag_tools.recording import (
    RecordedEvent,
    RecordedImage,
    RecordedPose,
    RecordedSweep,
    Recording,
)

_IMU_CALIBRATION = "calib_imu_to_velo.txt"


def kitti_raw_recording(root: Path, *, camera_index: int) -> Recording:
    """A rectified colour camera and the lidar of one drive.

    Raises:
        DataError: images, sweeps or calibration are not where they should be.
        BagError: an image cannot be read.
    """
    images, sweeps = image_files(root, camera_index), sweep_files(root)
    height, width = read_image(images[0]).shape[:2]
    camera, camera_from_lidar = calibrated_camera(root, camera_index, size=(height, width))
    poses = _navigation_files(root)
    return Recording(
        camera=camera,
        image_topic="image_rect_color",
        base_from_camera=camera_from_lidar.inverse(),
        base_from_lidar=RigidTransform.identity(),
        events=_events(root, [images, sweeps, poses], (height, width)),
        event_count=len(images) + len(sweeps) + len(poses),
    )


def _navigation_files(root: Path) -> list[Path]:
    is_calibrated = any((folder / _IMU_CALIBRATION).is_file() for folder in (root, root.parent))
    return numbered_files(root / "oxts" / "data", ".txt") if is_calibrated else []


def _events(
    root: Path, streams: list[list[Path]], size: tuple[int, int]
) -> Iterator[RecordedEvent]:
    stamped = [
        pair for paths in streams if paths for pair in zip(stamps_ns(paths), paths, strict=True)
    ]
    odom_from_base = _odometry(root, streams[-1])
    for stamp_ns, path in sorted(stamped):
        if path.suffix == ".bin":
            yield _sweep(path, stamp_ns)
        elif path.suffix == ".txt":
            yield RecordedPose(stamp_ns=stamp_ns, odom_from_base=odom_from_base(path))
        else:
            image = read_image(path)
            if image.shape[:2] != size:
                raise BagError(f"{path} is {image.shape[:2]}, expected {size} (height, width)")
            yield RecordedImage(stamp_ns=stamp_ns, image=image)


def _odometry(root: Path, files: list[Path]) -> Callable[[Path], RigidTransform]:
    """The lidar's pose of a file, in the frame of that of the first one."""
    if not files:
        return lambda path: RigidTransform.identity()
    imu_from_lidar = rigid_calibration(root, _IMU_CALIBRATION).inverse()
    odom_from_world = (imu_pose(root, int(files[0].stem)) @ imu_from_lidar).inverse()
    return lambda path: odom_from_world @ imu_pose(root, int(path.stem)) @ imu_from_lidar


def _sweep(path: Path, stamp_ns: int) -> RecordedSweep:
    records = sweep_of(path)
    return RecordedSweep(
        stamp_ns=stamp_ns,
        xyz=np.ascontiguousarray(records[:, :3]),
        fields={"intensity": np.ascontiguousarray(records[:, 3])},
    )
