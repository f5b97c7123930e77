# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of messages that go in and out, each with the name of its ROS type."""

from __future__ import annotations

from typing import Literal

MessageKind = Literal[
    "image", "compressed_image", "camera_info", "points", "point_list", "livox_points"
]

MESSAGE_TYPES: dict[MessageKind, str] = {
    "image": "sensor_msgs/msg/Image",
    "compressed_image": "sensor_msgs/msg/CompressedImage",
    "camera_info": "sensor_msgs/msg/CameraInfo",
    "points": "sensor_msgs/msg/PointCloud2",
    "point_list": "sensor_msgs/msg/PointCloud",
    "livox_points": "livox_ros_driver2/msg/CustomMsg",
}

_SAME_TYPES: dict[MessageKind, tuple[str, ...]] = {
    "livox_points": ("livox_ros_driver/msg/CustomMsg", "livox_interfaces/msg/CustomMsg"),
}


def types_of(kind: MessageKind) -> tuple[str, ...]:
    """Every type that a kind of message has: former drivers had packages of other names."""
    return (MESSAGE_TYPES[kind], *_SAME_TYPES.get(kind, ()))
