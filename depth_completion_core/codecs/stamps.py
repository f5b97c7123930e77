# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""builtin_interfaces/Time <-> integer nanoseconds."""

from __future__ import annotations

from typing import Any

_NS_PER_S = 10**9


def stamp_ns_of(message: Any) -> int:  # noqa: ANN401 - any message with a header
    """The stamp of a message's header, nanoseconds; rclpy's, or of a bag of ROS 1 or ROS 2."""
    stamp = message.header.stamp
    return int(stamp.sec) * _NS_PER_S + int(stamp.nanosec)


def seconds_and_nanoseconds(stamp_ns: int) -> tuple[int, int]:
    """The fields ``sec`` and ``nanosec`` of a stamp; ``nanosec`` is never negative."""
    return divmod(stamp_ns, _NS_PER_S)
