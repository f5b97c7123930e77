# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Transforms of a bag."""

from __future__ import annotations

from rosbags.interfaces import Connection

from depth_completion_core.codecs.transforms import add_stamped
from depth_completion_core.geometry.transform_buffer import (
    EXTRAPOLATION_TOLERANCE_NS,
    TransformBuffer,
)
from depth_completion_core.sensing.drop_counts import DropCounts
from rosbag_tools.errors import BagError, UndecodableError
from rosbag_tools.messages import TF_MESSAGE
from rosbag_tools.reader import BagReader, RawMessage

_TF_TYPES = (TF_MESSAGE, "tf/msg/tfMessage")


def tf_connections(reader: BagReader) -> list[Connection]:
    """The topics with transforms."""
    return reader.of_type(*_TF_TYPES)


def read_transforms(reader: BagReader) -> tuple[TransformBuffer, DropCounts]:
    """All transforms of a bag, static and dynamic, and what of them could not be read."""
    buffer = TransformBuffer(extrapolation_tolerance_ns=EXTRAPOLATION_TOLERANCE_NS)
    unread = DropCounts()
    try:
        for message in reader.messages(tf_connections(reader)):
            _take(reader, message, buffer, unread)
    except BagError as error:
        unread.add("transforms end early", str(error))
    return buffer, unread


def _take(
    reader: BagReader, message: RawMessage, buffer: TransformBuffer, unread: DropCounts
) -> None:
    topic = message.connection.topic
    try:
        transforms = reader.decoded(message).transforms
    except UndecodableError as error:
        unread.add(f"{topic}: {error.drop_reason}", str(error))
        return
    for item in transforms:
        add_stamped(buffer, item, is_static=topic.endswith("tf_static"))
