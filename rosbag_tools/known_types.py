# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The message types of bags that do not define them."""

from __future__ import annotations

from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from depth_completion_core.codecs.message_kinds import types_of

_LIVOX_CLOUD = """\
std_msgs/Header header
uint64 timebase
uint32 point_num
uint8 lidar_id
uint8[3] rsvd
CustomPoint[] points
"""
_LIVOX_POINT = """\
uint32 offset_time
float32 x
float32 y
float32 z
uint8 reflectivity
uint8 tag
uint8 line
"""


def known_types() -> Typestore:
    """Those of ROS 2 Jazzy, and those of drivers that are read here."""
    store = get_typestore(Stores.ROS2_JAZZY)
    for name in types_of("livox_points"):
        point = name.replace("CustomMsg", "CustomPoint")
        types = get_types_from_msg(_LIVOX_POINT, point)
        store.register({**types, **get_types_from_msg(_LIVOX_CLOUD, name)})
    return store
