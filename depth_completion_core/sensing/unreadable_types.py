# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Message types that hold points or images in a form that is not read, and what to do about it."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple


class UnreadableForm(NamedTuple):
    """A family of message types.

    Attributes:
        holds: what is in them.
        types: matches their names, package and all, without /msg/.
        what: what they are.
        instead: what to do, a sentence without a full stop.
    """

    holds: Literal["points", "images"]
    types: str
    what: str
    instead: str


_VIDEO_PACKAGES = (
    "foxglove_msgs|ffmpeg_image_transport_msgs|theora_image_transport|h264_msgs"
    "|h264_image_transport|x264_image_transport"
)

_FORMS = (
    UnreadableForm(
        "points",
        r"\w+/(PacketMsg|NebulaPackets|UdpFrame|UdpPacket|VelodyneScan|VelodynePacket|PandarScan"
        r"|PandarPacket|RobosenseScan|RobosensePacket|rslidarScan|rslidarPacket|InnovusionScan"
        r"|SeyondScan)",
        "raw packets of a lidar",
        "Let the lidar's driver decode them, which most can in replay, too, and use or record the "
        "PointCloud2 that it publishes",
    ),
    UnreadableForm(
        "points",
        r"sensor_msgs/(LaserScan|MultiEchoLaserScan)",
        "scans of a single line",
        "Convert them into clouds (laser_geometry), and use or record these",
    ),
    UnreadableForm(
        "images",
        rf"({_VIDEO_PACKAGES})/(CompressedVideo|FFMPEGPacket|H264Packet|Packet)",
        "video, whose images need those before them",
        "Use or record the raw images, or their .../compressed topic (JPEG or PNG); a video can be "
        "republished as raw images (ros2 run image_transport republish)",
    ),
)


def unreadable_form(msgtype: str) -> UnreadableForm | None:
    """The family of a type such as velodyne_msgs/msg/VelodyneScan; None where it is of none."""
    name = msgtype.replace("/msg/", "/")
    return next((form for form in _FORMS if re.fullmatch(form.types, name)), None)
