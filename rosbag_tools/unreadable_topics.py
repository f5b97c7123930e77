# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Topics that hold what is looked for in a form that is not read, and what to record instead."""

from __future__ import annotations

import re
from typing import NamedTuple

from rosbag_tools.reader import BagReader


class _Form(NamedTuple):
    """A family of message types.

    Attributes:
        types: matches their names, without the package.
        what: what they are.
        instead: what to do, a sentence.
    """

    types: str
    what: str
    instead: str


_PACKETS = _Form(
    r"PacketMsg|NebulaPackets|UdpFrame|UdpPacket|VelodyneScan|VelodynePacket|PandarScan"
    r"|PandarPacket|RobosenseScan|RobosensePacket|rslidarScan|rslidarPacket|InnovusionScan"
    r"|SeyondScan",
    "raw packets of a lidar",
    "Replay the bag into the lidar's driver, which can read packets, and record the PointCloud2 "
    "that it publishes",
)
_SCANS = _Form(
    r"LaserScan|MultiEchoLaserScan",
    "scans of a single line",
    "Convert them into clouds (laser_geometry), and record these",
)
_VIDEO = _Form(
    r"CompressedVideo|FFMPEGPacket|H264Packet|Packet",
    "video, whose images need those before them",
    "Record the raw images, or their .../compressed topic (JPEG or PNG); or republish the video as "
    "raw images (ros2 run image_transport republish) and record these",
)
_VIDEO_PACKAGES = (
    "foxglove_msgs",
    "ffmpeg_image_transport_msgs",
    "theora_image_transport",
    "h264_msgs",
    "h264_image_transport",
    "x264_image_transport",
)


def unreadable_clouds(reader: BagReader) -> str:
    """The topics that hold points of another form, as sentences; empty where there are none."""
    return _named(reader, (_PACKETS, _SCANS), are_videos=False)


def unreadable_images(reader: BagReader) -> str:
    """The same of images."""
    return _named(reader, (_VIDEO,), are_videos=True)


def _named(reader: BagReader, forms: tuple[_Form, ...], *, are_videos: bool) -> str:
    sentences = []
    for form in forms:
        found = {
            item.topic: item.msgtype
            for item in reader.connections
            if re.fullmatch(form.types, item.msgtype.rpartition("/")[2])
            and (item.msgtype.partition("/")[0] in _VIDEO_PACKAGES) == are_videos
        }
        if found:
            topics = ", ".join(f"{name} ({msgtype})" for name, msgtype in found.items())
            sentences.append(f"{topics} holds {form.what}, which are not read. {form.instead}")
    return ". ".join(sentences)
