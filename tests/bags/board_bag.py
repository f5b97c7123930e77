# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag of the board before the wall, right or with a fault."""

from __future__ import annotations

import numpy as np

from depth_completion_core.geometry.arrays import Float32Array, UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from tests.bags.bag_factory import (
    BASE_FRAME,
    CAMERA_FRAME,
    LIDAR_FRAME,
    START_NS,
    Entry,
    cloud_entry,
    image_entry,
    info_entry,
    stamp_of,
    tf_entry,
)
from tests.core.alignment.board_scene import (
    CAMERA,
    CAMERA_FROM_LIDAR,
    OPTICAL_FROM_BODY,
    board_image,
    board_sweep,
)

RAW = CameraModel(
    fx=215.0,
    fy=214.0,
    cx=118.0,
    cy=88.0,
    width=CAMERA.width,
    height=CAMERA.height,
    distortion_model="plumb_bob",
    distortion=(-0.37, 0.2, 0.0, 0.0, 0.0),
)


def board_entries(
    *,
    topic: str = "/camera/image_raw",
    image: UInt8Array | None = None,
    two_projections: bool = False,
    camera_from_lidar: RigidTransform = CAMERA_FROM_LIDAR,
    points: Float32Array | None = None,
) -> list[Entry]:
    """Two frames of the board; the calibration is that of rectified images, or of both."""
    mounts = (BASE_FRAME, CAMERA_FRAME, OPTICAL_FROM_BODY.inverse())
    lidar = (BASE_FRAME, LIDAR_FRAME, OPTICAL_FROM_BODY.inverse() @ camera_from_lidar)
    entries = [tf_entry(START_NS, mounts, lidar)]
    for index in range(2):
        stamp_ns = stamp_of(index)
        info = info_entry(stamp_ns, RAW if two_projections else CAMERA)
        if two_projections:
            info.message.p = np.column_stack([CAMERA.K, np.zeros(3)]).reshape(-1)
        pixels = board_image() if image is None else image
        sweep = board_sweep() if points is None else points
        entries += [info, image_entry(stamp_ns, pixels, topic=topic), cloud_entry(stamp_ns, sweep)]
    return entries
