# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drives through scenes of the world with exact depth: a walk in a room and a street.

>>> drive = build_drive("room", seed=3)
>>> shot, sweep = drive.render(0), drive.scan(0)
"""

from __future__ import annotations

from depth_completion_core.world.drives.camera_sensor import CameraShot
from depth_completion_core.world.drives.drive import SCENES, SyntheticDrive, build_drive
from depth_completion_core.world.drives.lidar_sensor import LidarPreset, LidarSweep
from depth_completion_core.world.drives.rig import ROOM_LIDAR, STREET_LIDAR

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
