# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""nav_msgs/Odometry and stamped poses of geometry_msgs, of rclpy or of a bag, into poses."""

from __future__ import annotations

from typing import Any, Literal

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.geometry.odometry import StampedPose
from depth_completion_core.geometry.transforms import RigidTransform

OdometryKind = Literal["odometry", "pose", "pose_with_covariance"]

ODOMETRY_TYPES: dict[OdometryKind, str] = {
    "odometry": "nav_msgs/msg/Odometry",
    "pose": "geometry_msgs/msg/PoseStamped",
    "pose_with_covariance": "geometry_msgs/msg/PoseWithCovarianceStamped",
}
"""What :func:`decode_odometry` reads; only the first says which frame moves."""


def decode_odometry(message: Any, moving_frame: str = "") -> StampedPose:  # noqa: ANN401
    """The pose of a message.

    Args:
        message: of one of ODOMETRY_TYPES.
        moving_frame: the frame that moves; empty for the one that the message names.

    Raises:
        ValueError: the quaternion is no rotation, or a number is not finite.
    """
    pose = message.pose.pose if hasattr(message.pose, "pose") else message.pose
    position, rotation = pose.position, pose.orientation
    return StampedPose(
        stamp_ns=stamp_ns_of(message),
        fixed_frame=str(message.header.frame_id).lstrip("/"),
        moving_frame=moving_frame or str(getattr(message, "child_frame_id", "")).lstrip("/"),
        fixed_from_moving=RigidTransform.from_quaternion(
            (rotation.x, rotation.y, rotation.z, rotation.w),
            (position.x, position.y, position.z),
        ),
    )
