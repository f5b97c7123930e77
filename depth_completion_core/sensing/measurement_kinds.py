# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What may be measured beside the images: the table of measurement inputs, live and in bags."""

from __future__ import annotations

from typing import Literal, NamedTuple

from depth_completion_core.codecs.message_kinds import MessageKind, types_of

MeasurementName = Literal[
    "points", "point_list", "livox_points", "depth", "compressed_depth", "none"
]


class MeasurementKind(NamedTuple):
    """One way to be given measurements.

    Attributes:
        message: kind of the messages; None where there are none.
        topic: relative name of the topic of a live node; empty where there is none.
        are_points: whether they are points, of which several topics may be given; each image takes
            one message of each.
        description: one line for the documentation.
    """

    message: MessageKind | None
    topic: str
    are_points: bool
    description: str


MEASUREMENT_KINDS: dict[MeasurementName, MeasurementKind] = {
    "points": MeasurementKind(
        message="points",
        topic="points",
        are_points=True,
        description="point clouds of any layout, in any frame that TF can reach",
    ),
    "point_list": MeasurementKind(
        message="point_list",
        topic="points",
        are_points=True,
        description="the same in the older message, as VINS and other visual odometry publish it",
    ),
    "livox_points": MeasurementKind(
        message="livox_points",
        topic="points",
        are_points=True,
        description="the same from a Livox driver with xfer_format 1",
    ),
    "depth": MeasurementKind(
        message="image",
        topic="sparse_depth",
        are_points=False,
        description="a depth image, registered to the camera and of its size",
    ),
    "compressed_depth": MeasurementKind(
        message="compressed_image",
        topic="sparse_depth/compressedDepth",
        are_points=False,
        description="the same, as image_transport compresses it",
    ),
    "none": MeasurementKind(
        message=None,
        topic="",
        are_points=False,
        description="images alone, for models that need no measurements",
    ),
}


def measurements_of(msgtype: str) -> MeasurementName | None:
    """Which kind of points a type such as livox_ros_driver2/msg/CustomMsg is; None for others."""
    for name, kind in MEASUREMENT_KINDS.items():
        if kind.are_points and kind.message and msgtype in types_of(kind.message):
            return name
    return None
