# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What drives through scenes: a camera and a lidar on a base."""

from __future__ import annotations

from dataclasses import dataclass

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.world.drives.lidar_sensor import LidarPreset
from depth_completion_core.world.drives.poses import looking_forward, pose


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """Sensors on a base.

    Attributes:
        width: of the image, pixels. Likewise height.
        focal_per_width: focal length over the image's width.
        lidar: the lidar.
        base_from_camera: where the camera's optical frame is. Likewise base_from_lidar.
        radius_m: of an upright cylinder that holds the base and its sensors.
        height_m: of that cylinder.
        camera_period_ns: time between two images, nanoseconds.
        camera_delay_ns: time of the first image, nanoseconds.
    """

    width: int
    height: int
    focal_per_width: float
    lidar: LidarPreset
    base_from_camera: RigidTransform
    base_from_lidar: RigidTransform
    radius_m: float
    height_m: float
    camera_period_ns: int = 50_000_000
    camera_delay_ns: int = 13_000_000

    def camera(self, width: int = 0, height: int = 0) -> CameraModel:
        """The camera at another size, pixels; the rig's own for 0. The field of view stays."""
        width, height = width or self.width, height or self.height
        focal = self.focal_per_width * width
        return CameraModel(
            fx=focal,
            fy=focal,
            cx=(width - 1) / 2,
            cy=(height - 1) / 2,
            width=width,
            height=height,
        )


ROOM_LIDAR = LidarPreset(
    rings=32, elevation_deg=(-20.0, 20.0), columns=900, range_m=(0.1, 30.0), noise_m=0.01
)
STREET_LIDAR = LidarPreset(
    rings=64, elevation_deg=(-24.8, 2.0), columns=1800, range_m=(0.9, 80.0), noise_m=0.02
)

ROOM_RIG = Rig(
    width=640,
    height=480,
    focal_per_width=0.66,
    lidar=ROOM_LIDAR,
    base_from_camera=looking_forward(0.05, 0.0, 1.3, pitch=0.12),
    base_from_lidar=pose(0.0, 0.28, 1.42, yaw=0.05, pitch=0.08),
    radius_m=0.4,
    height_m=1.6,
)
STREET_RIG = Rig(
    width=832,
    height=256,
    focal_per_width=0.58,
    lidar=STREET_LIDAR,
    base_from_camera=looking_forward(0.3, 0.0, 1.6),
    base_from_lidar=pose(0.0, 0.25, 1.95, yaw=-0.02),
    radius_m=0.9,
    height_m=2.1,
)
