# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What may be measured beside the images: the table of measurement inputs, live and in bags."""

from __future__ import annotations

from typing import Literal, NamedTuple

from depth_completion_core.codecs.message_kinds import MessageKind

MeasurementName = Literal["points", "depth", "compressed_depth", "none"]


class MeasurementKind(NamedTuple):
    """One way to be given measurements.

    Attributes:
        message: kind of the messages; None where there are none.
        topic: relative name of the topic of a live node; empty where there is none.
        may_be_several: whether several topics may be given; each image takes one message of each.
        description: one line for the documentation.
    """

    message: MessageKind | None
    topic: str
    may_be_several: bool
    description: str


MEASUREMENT_KINDS: dict[MeasurementName, MeasurementKind] = {
    "points": MeasurementKind(
        message="points",
        topic="points",
        may_be_several=True,
        description="point clouds of any layout, in any frame that TF can reach",
    ),
    "depth": MeasurementKind(
        message="image",
        topic="sparse_depth",
        may_be_several=False,
        description="a depth image, registered to the camera and of its size",
    ),
    "compressed_depth": MeasurementKind(
        message="compressed_image",
        topic="sparse_depth/compressedDepth",
        may_be_several=False,
        description="the same, as image_transport compresses it",
    ),
    "none": MeasurementKind(
        message=None,
        topic="",
        may_be_several=False,
        description="images alone, for models that need no measurements",
    ),
}
