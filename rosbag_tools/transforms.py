# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Transforms of a bag."""

from __future__ import annotations

from collections import Counter

from rosbags.interfaces import Connection

from depth_completion_core.codecs.transforms import add_stamped
from depth_completion_core.geometry.transform_buffer import (
    EXTRAPOLATION_TOLERANCE_NS,
    TransformBuffer,
)
from rosbag_tools.messages import TF_MESSAGE
from rosbag_tools.reader import BagReader

_TF_TYPES = (TF_MESSAGE, "tf/msg/tfMessage")


def tf_connections(reader: BagReader) -> list[Connection]:
    """The topics with transforms."""
    return reader.of_type(*_TF_TYPES)


def read_transforms(reader: BagReader) -> tuple[TransformBuffer, Counter[str]]:
    """All transforms of a bag, static and dynamic, and what had to be left out by reason."""
    buffer = TransformBuffer(extrapolation_tolerance_ns=EXTRAPOLATION_TOLERANCE_NS)
    refused: Counter[str] = Counter()
    for message in reader.messages(tf_connections(reader)):
        is_static = message.connection.topic.endswith("tf_static")
        for item in reader.decoded(message).transforms:
            try:
                add_stamped(buffer, item, is_static=is_static)
            except ValueError as error:
                refused[str(error)] += 1
    return buffer, refused
