# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""nav_msgs/Odometry and Path, and stamped poses of geometry_msgs, into poses."""

from __future__ import annotations

from typing import Any, Literal

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.geometry.odometry import StampedPose
from depth_completion_core.geometry.transforms import RigidTransform

OdometryKind = Literal["odometry", "pose", "pose_with_covariance", "path"]

ODOMETRY_TYPES: dict[OdometryKind, str] = {
    "odometry": "nav_msgs/msg/Odometry",
    "pose": "geometry_msgs/msg/PoseStamped",
    "pose_with_covariance": "geometry_msgs/msg/PoseWithCovarianceStamped",
    "path": "nav_msgs/msg/Path",
}
"""What :func:`decode_odometry` reads; only the first says which frame moves."""


def decode_odometry(message: Any, moving_frame: str = "", after_ns: int = -1) -> list[StampedPose]:  # noqa: ANN401
    """The pose of a message, or those of a path, oldest first.

    Args:
        message: of one of ODOMETRY_TYPES.
        moving_frame: the frame that moves; empty for the one that the message names.
        after_ns: only poses of a path that are newer: it is published again with each new pose.

    Raises:
        ValueError: a quaternion is no rotation, a number is not finite, or the poses of a path are
            not stamped, as those of a planner are not.
    """
    if not hasattr(message, "poses"):
        return [_stamped_pose(message, message.header.frame_id, moving_frame)]
    newer = []
    for item in reversed(message.poses):
        if stamp_ns_of(item) <= after_ns:
            break
        newer.append(item)
    stamps_ns = {stamp_ns_of(item) for item in newer}
    if 0 in stamps_ns or len(stamps_ns) < len(newer):
        raise ValueError(
            "the poses of the path have no stamps of their own, so it does not say when something "
            "was there: a path that a planner will drive is no odometry"
        )
    poses = [_stamped_pose(item, message.header.frame_id, moving_frame) for item in newer]
    return sorted(poses, key=lambda pose: pose.stamp_ns)


def _stamped_pose(message: Any, fixed_frame: str, moving_frame: str) -> StampedPose:  # noqa: ANN401
    pose = message.pose.pose if hasattr(message.pose, "pose") else message.pose
    position, rotation = pose.position, pose.orientation
    return StampedPose(
        stamp_ns=stamp_ns_of(message),
        fixed_frame=str(fixed_frame).lstrip("/"),
        moving_frame=moving_frame or str(getattr(message, "child_frame_id", "")).lstrip("/"),
        fixed_from_moving=RigidTransform.from_quaternion(
            (rotation.x, rotation.y, rotation.z, rotation.w),
            (position.x, position.y, position.z),
        ),
    )
