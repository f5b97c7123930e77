# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""geometry_msgs/TransformStamped, of a bag or as it travels, into the transform buffer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.codecs.transform_bytes import TransformBytes
from depth_completion_core.geometry.transform_buffer import TransformBuffer
from depth_completion_core.geometry.transforms import RigidTransform


def add_stamped(buffer: TransformBuffer, message: Any, *, is_static: bool) -> bool:  # noqa: ANN401
    """Add what one TransformStamped says, or have the buffer count it as refused.

    Returns:
        Whether it was taken: False where the quaternion is not a rotation, a number is not finite,
        or a frame is its own parent.
    """
    parent, child = str(message.header.frame_id), str(message.child_frame_id)
    at, turned = message.transform.translation, message.transform.rotation
    numbers = (at.x, at.y, at.z, turned.x, turned.y, turned.z, turned.w)
    return _add(buffer, parent, child, stamp_ns_of(message), numbers, is_static=is_static)


def add_bytes(buffer: TransformBuffer, item: TransformBytes, *, is_static: bool) -> bool:
    """The same of one that is still serialised."""
    parent, child = name_of(item.parent), name_of(item.child)
    return _add(buffer, parent, child, item.stamp_ns, item.decoded(), is_static=is_static)


def name_of(frame: bytes) -> str:
    """The name of a frame; bytes that are no UTF-8 are replaced."""
    return frame.decode("utf-8", errors="replace")


def _add(
    buffer: TransformBuffer,
    parent: str,
    child: str,
    stamp_ns: int,
    numbers: Sequence[float],
    *,
    is_static: bool,
) -> bool:
    try:
        parent_from_child = RigidTransform.from_quaternion(numbers[3:], numbers[:3])
        if is_static:
            buffer.set_static(parent, child, parent_from_child, stamp_ns=stamp_ns)
        else:
            buffer.set_dynamic(parent, child, stamp_ns, parent_from_child)
    except ValueError as error:
        buffer.refuse(child, f"transform '{parent}' -> '{child}': {error}")
        return False
    return True
