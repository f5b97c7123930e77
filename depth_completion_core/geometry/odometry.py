# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Odometry that is not in TF: poses of one frame of the robot, hung into the tree of transforms."""

from __future__ import annotations

from typing import NamedTuple

from depth_completion_core.geometry.transform_buffer import TransformBuffer
from depth_completion_core.geometry.transforms import RigidTransform

UNNAMED_FRAME = "odometry"
"""The frame that stands still where odometry names none, or one that TF uses otherwise."""


class StampedPose(NamedTuple):
    """Where a frame of the robot was.

    Attributes:
        stamp_ns: when, nanoseconds.
        fixed_frame: what it moves against; empty where that is not said.
        moving_frame: the frame of the robot; empty where that is not said.
        fixed_from_moving: its pose, metres.
    """

    stamp_ns: int
    fixed_frame: str
    moving_frame: str
    fixed_from_moving: RigidTransform


def fixed_frame_of(pose: StampedPose, transforms: TransformBuffer) -> str:
    """The frame that odometry holds still: its own, but for one that TF moves already."""
    is_taken = transforms.connects(pose.fixed_frame, pose.moving_frame)
    return UNNAMED_FRAME if not pose.fixed_frame or is_taken else pose.fixed_frame


def hang(transforms: TransformBuffer, pose: StampedPose, fixed_frame: str) -> str:
    """Add a pose as a transform from the fixed frame to the root of the tree of the moving one.

    A frame has one parent only, and the moving one may have its own in TF (a camera on its robot).
    So it is the root above it that is moved, by what TF says between the two at that instant.

    Returns:
        That root.

    Raises:
        TransformError: TF does not reach that instant.
    """
    root = transforms.root_below(fixed_frame, pose.moving_frame)
    moving_from_root = transforms.lookup(pose.moving_frame, root, pose.stamp_ns)
    transforms.set_dynamic(
        fixed_frame, root, pose.stamp_ns, pose.fixed_from_moving @ moving_from_root
    )
    return root
