# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the camera was in the world when it took an image."""

from __future__ import annotations

from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.placed_frame import PlacedFrame
from depth_completion_core.sensing.sensor_geometry import Geometry


def fixed_from_camera(geometry: Geometry, placed: PlacedFrame) -> RigidTransform | None:
    """The camera in the fixed frame at the instant of its image; None without a fixed frame.

    Unlike points, which the nearest transform places well enough, a pose is not guessed beyond what
    was received.

    Raises:
        TransformError: nothing was received of that instant.
    """
    if not geometry.fixed_frame:
        return None
    frame = placed.frame
    fixed_from_frame = fixed_from_optical(geometry, frame.frame_id, frame.stamp_ns)
    return fixed_from_frame @ placed.camera_from_frame.inverse()


def fixed_from_optical(geometry: Geometry, optical_frame: str, stamp_ns: int) -> RigidTransform:
    """An optical frame in the fixed frame; through that of a cloud, where it is not in TF itself.

    Raises:
        TransformError: nothing was received of that instant.
    """
    fixed, transforms = geometry.fixed_frame, geometry.transforms
    if not transforms.connects(fixed, optical_frame):
        for frame, optical_from_cloud in geometry.extrinsics.items():
            if transforms.connects(fixed, frame):
                fixed_from_cloud = transforms.lookup(fixed, frame, stamp_ns, tolerance_ns=0)
                return fixed_from_cloud @ optical_from_cloud.inverse()
    return transforms.lookup(fixed, optical_frame, stamp_ns, tolerance_ns=0)
