# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of messages that go in and out, each with the name of its ROS type."""

from __future__ import annotations

from typing import Literal

MessageKind = Literal["image", "compressed_image", "camera_info", "points"]

MESSAGE_TYPES: dict[MessageKind, str] = {
    "image": "sensor_msgs/msg/Image",
    "compressed_image": "sensor_msgs/msg/CompressedImage",
    "camera_info": "sensor_msgs/msg/CameraInfo",
    "points": "sensor_msgs/msg/PointCloud2",
}
