# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of KITTI's raw drives; see :mod:`depth_completion_core.data.readers.kitti_drive`.

Sweeps are taken as KITTI gives them: already corrected for the motion of the car.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from depth_completion_core.data.readers.kitti_drive import (
    calibrated_camera,
    image_files,
    stamps_ns,
    sweep_files,
    sweep_of,
)
from depth_completion_core.files.input_files import read_image
from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.errors import BagError
from rosbag_tools.recording import RecordedEvent, RecordedImage, RecordedSweep, Recording


def kitti_raw_recording(root: Path, *, camera_index: int) -> Recording:
    """A rectified colour camera and the lidar of one drive.

    Raises:
        DataError: images, sweeps or calibration are not where they should be.
        BagError: an image cannot be read.
    """
    images, sweeps = image_files(root, camera_index), sweep_files(root)
    height, width = read_image(images[0]).shape[:2]
    camera, camera_from_lidar = calibrated_camera(root, camera_index, size=(height, width))
    return Recording(
        camera=camera,
        image_topic="image_rect_color",
        base_from_camera=camera_from_lidar.inverse(),
        base_from_lidar=RigidTransform.identity(),
        events=_events(images, sweeps, (height, width)),
        event_count=len(images) + len(sweeps),
    )


def _events(
    images: list[Path], sweeps: list[Path], size: tuple[int, int]
) -> Iterator[RecordedEvent]:
    stamped = [
        pair for paths in (images, sweeps) for pair in zip(stamps_ns(paths), paths, strict=True)
    ]
    for stamp_ns, path in sorted(stamped):
        if path.suffix == ".bin":
            yield _sweep(path, stamp_ns)
        else:
            image = read_image(path)
            if image.shape[:2] != size:
                raise BagError(f"{path} is {image.shape[:2]}, expected {size} (height, width)")
            yield RecordedImage(stamp_ns=stamp_ns, image=image)


def _sweep(path: Path, stamp_ns: int) -> RecordedSweep:
    records = sweep_of(path)
    return RecordedSweep(
        stamp_ns=stamp_ns,
        xyz=np.ascontiguousarray(records[:, :3]),
        fields={"intensity": np.ascontiguousarray(records[:, 3])},
    )
