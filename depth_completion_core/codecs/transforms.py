# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""geometry_msgs/TransformStamped, of rclpy or of a bag, into the transform buffer."""

from __future__ import annotations

from typing import Any

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.geometry.transform_buffer import TransformBuffer
from depth_completion_core.geometry.transforms import RigidTransform


def add_stamped(buffer: TransformBuffer, message: Any, *, is_static: bool) -> bool:  # noqa: ANN401
    """Add what one TransformStamped says, or have the buffer count it as refused.

    Returns:
        Whether it was taken: False where the quaternion is not a rotation, a number is not finite,
        or a frame is its own parent.
    """
    parent, child = str(message.header.frame_id), str(message.child_frame_id)
    rotation, translation = message.transform.rotation, message.transform.translation
    try:
        parent_from_child = RigidTransform.from_quaternion(
            (rotation.x, rotation.y, rotation.z, rotation.w),
            (translation.x, translation.y, translation.z),
        )
        if is_static:
            buffer.set_static(parent, child, parent_from_child, stamp_ns=stamp_ns_of(message))
        else:
            buffer.set_dynamic(parent, child, stamp_ns_of(message), parent_from_child)
    except ValueError as error:
        buffer.refuse(child, f"transform '{parent}' -> '{child}': {error}")
        return False
    return True
