# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Some pairs of image and clouds from all over a bag, without reading the whole of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from depth_completion_core.alignment import AlignmentFrame
from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.config import PairingConfig
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.sensing.frame_builder import FrameBuilder
from depth_completion_core.sensing.pair import MessagePair, Pair
from depth_completion_core.sensing.pairing import Pairer
from rosbag_tools.completion_plan import Plan
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader, RawMessage
from rosbag_tools.topics import Topics

_LONGEST_WINDOW_NS = 2_000_000_000
_CLOSEST_NS = 150_000_000


def spread_pairs(
    reader: BagReader, plan: Plan, pairing: PairingConfig, count: int
) -> list[MessagePair]:
    """At most so many pairs, evenly spread over the recording, oldest first; decoded.

    Of a damaged bag, those before the damage: completing it tells the rest.
    """
    step_ns = max(reader.duration_ns // count, _CLOSEST_NS)
    pairs: dict[int, MessagePair] = {}
    for begin_ns in range(reader.start_ns, reader.start_ns + reader.duration_ns + 1, step_ns):
        try:
            pair = _first_pair(reader, plan, pairing, begin_ns)
        except BagError:
            break
        if pair is not None:
            pairs[pair.image_stamp_ns] = pair
    return [pairs[stamp_ns] for stamp_ns in sorted(pairs)]


def alignment_frames(plan: Plan, pairs: Sequence[MessagePair], stream: int) -> list[AlignmentFrame]:
    """The image and one cloud of each pair; those that cannot be decoded or placed are left out."""
    # What is learned of the streams must not depend on a look at a few of their messages.
    geometry = replace(plan.geometry, habits=copy.deepcopy(plan.geometry.habits))
    frames = []
    for pair in pairs:
        try:
            builder = FrameBuilder(geometry, plan.calibration.info)
            frames.append(AlignmentFrame.of(builder.sweep_as_measured(pair, stream)))
        except (ValueError, TransformError):  # complete counts and tells them
            continue
    return frames


def _first_pair(
    reader: BagReader, plan: Plan, pairing: PairingConfig, begin_ns: int
) -> MessagePair | None:
    topics = plan.topics
    pairer: Pairer[RawMessage, Any] = Pairer(
        replace(pairing, accumulate_ms=0.0), len(topics.clouds)
    )
    connections = [*topics.image.connections]
    connections += [item for cloud in topics.clouds for item in cloud.connections]
    messages = reader.messages(connections, begin_ns, begin_ns + _LONGEST_WINDOW_NS)
    for pair in _pairs(reader, messages, pairer, topics):
        try:
            return replace(pair, image=reader.decoded(pair.image))
        except BagError:
            continue
    return None


def _pairs(
    reader: BagReader,
    messages: Iterator[RawMessage],
    pairer: Pairer[RawMessage, Any],
    topics: Topics,
) -> Iterator[Pair[RawMessage, Any]]:
    for message in messages:
        try:
            decoded = reader.decoded(message)
        except BagError:
            continue
        stamp_ns = stamp_ns_of(decoded)
        if topics.image.holds(message.connection):
            yield from pairer.add_image(stamp_ns, message)
        for stream, cloud in enumerate(topics.clouds):
            if cloud.holds(message.connection):
                yield from pairer.add_cloud(stamp_ns, decoded, stream)
    yield from pairer.flush()
