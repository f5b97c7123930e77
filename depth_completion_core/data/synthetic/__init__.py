# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small synthetic worlds with exact depth: a furnished room and a street.

>>> drive = build_drive("room", seed=3)
>>> shot, sweep = drive.render(0), drive.scan(0)
"""

from __future__ import annotations

from depth_completion_core.data.synthetic.camera_sensor import CameraShot
from depth_completion_core.data.synthetic.drive import (
    ROOM_LIDAR,
    SCENES,
    STREET_LIDAR,
    SyntheticDrive,
    build_drive,
)
from depth_completion_core.data.synthetic.lidar_sensor import LidarPreset, LidarSweep

__all__ = [
    "ROOM_LIDAR",
    "SCENES",
    "STREET_LIDAR",
    "CameraShot",
    "LidarPreset",
    "LidarSweep",
    "SyntheticDrive",
    "build_drive",
]
