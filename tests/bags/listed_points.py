# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The clouds of a bag in the messages that list their points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.message_kinds import MESSAGE_TYPES, types_of
from depth_completion_core.codecs.point_records import PointRecords
from rosbag_tools.known_types import known_types
from tests.bags.bag_factory import CLOUD_TOPIC, Entry

TYPES = known_types()
POINT_LIST = MESSAGE_TYPES["point_list"]
LIVOX_TYPES = types_of("livox_points")


def listed(entries: list[Entry], msgtype: str, *, timebase_ns: int = 0) -> list[Entry]:
    """The same bag with every PointCloud2 as a message of another type.

    Args:
        entries: of the bag.
        msgtype: a sensor_msgs/PointCloud, or one of :data:`LIVOX_TYPES`.
        timebase_ns: of Livox, after the stamp.
    """
    return [
        replace(entry, msgtype=msgtype, message=_message(entry.message, msgtype, timebase_ns))
        if entry.topic == CLOUD_TOPIC
        else entry
        for entry in entries
    ]


def _message(cloud: Any, msgtype: str, timebase_ns: int) -> Any:  # noqa: ANN401
    records = PointRecords.from_message(cloud)
    xyz = np.stack([records.column(name) for name in "xyz"], axis=1)
    times = records.column("t") if "t" in records.fields else np.zeros(len(xyz), np.uint32)
    header = cloud.header
    if msgtype == POINT_LIST:
        return _point_list(header, xyz, {"t": times.astype(np.float32)})
    stamp_ns = header.stamp.sec * 10**9 + header.stamp.nanosec
    point = TYPES.types[msgtype.replace("CustomMsg", "CustomPoint")]
    points = [
        point(int(time) - timebase_ns, *map(float, place), reflectivity=7, tag=0, line=1)
        for place, time in zip(xyz, times, strict=True)
    ]
    return TYPES.types[msgtype](
        header=header,
        timebase=stamp_ns + timebase_ns,
        point_num=len(points),
        lidar_id=1,
        rsvd=np.zeros(3, np.uint8),
        points=points,
    )


def _point_list(
    header: Any,  # noqa: ANN401
    xyz: npt.NDArray[Any],
    channels: dict[str, npt.NDArray[np.float32]],
) -> Any:  # noqa: ANN401
    point = TYPES.types["geometry_msgs/msg/Point32"]
    channel = TYPES.types["sensor_msgs/msg/ChannelFloat32"]
    return TYPES.types[POINT_LIST](
        header=header,
        points=[point(*map(float, place)) for place in xyz],
        channels=[channel(name=name, values=values) for name, values in channels.items()],
    )
