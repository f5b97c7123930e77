# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the stamps of a bag's topics tell which measurement belongs to which image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.config import PairingConfig
from depth_completion_core.sensing.stamp_health import (
    REMEDY,
    clock_doubts,
    other_rates,
    why_never_paired,
)
from depth_completion_core.sensing.stream_stamps import StreamStamps
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader
from rosbag_tools.topics import Topic, Topics

_AT_ONCE = 8  # messages from each part of the bag
_WINDOW_NS = 2 * 10**9


def smallest_gap(gap_ns: int) -> str:
    """How near images and measurements come to each other, where none is near enough."""
    return (
        f"the smallest gap is {gap_ns / 1e6:.1f} ms. Mind the clocks: "
        "--pairing.cloud-clock-offset-ms corrects a constant difference, and --stamps recorded "
        "takes the time of recording in place of the stamps"
    )


def check_stamps(reader: BagReader, topics: Topics, pairing: PairingConfig) -> list[str]:
    """Refuse a bag whose images would be paired with the wrong measurements, or with none.

    Returns:
        Clocks that probably differ, in sentences.

    Raises:
        BagError: the topics, what is wrong with their stamps, and what to do.
    """
    offset_ns = round((pairing.cloud_clock_offset_ms + pairing.cloud_time_offset_ms) * 1e6)
    image = _first_stamps(reader, topics.image)
    clouds = [_first_stamps(reader, cloud) for cloud in topics.clouds]
    truths = [_first_stamps(reader, topics.truth)] if topics.truth else []
    reasons = why_never_paired(image, clouds, offset_ns) if clouds else []
    reasons += why_never_paired(image, truths) if truths else []
    if not reasons:
        reasons = _other_rates(reader, topics, image, clouds)
    if reasons:
        raise BagError(f"{'; '.join(dict.fromkeys(reasons))}. {REMEDY}")
    return _clock_doubts(reader, topics, offset_ns)


def _first_stamps(reader: BagReader, topic: Topic) -> StreamStamps:
    """Of a few messages, or up to where the stamps change, where those carry one stamp."""
    stamps = StreamStamps(topic.name)
    for stamp_ns, log_ns in _stamped(reader, topic):
        stamps.add(stamp_ns, log_ns)
        if stamps.count >= _AT_ONCE and stamps.is_changing:
            break
    return stamps


def _other_rates(
    reader: BagReader, topics: Topics, image: StreamStamps, clouds: Sequence[StreamStamps]
) -> list[str]:
    end_ns = reader.start_ns + reader.duration_ns
    for topic, stamps in zip((topics.image, *topics.clouds), (image, *clouds), strict=True):
        for stamp_ns, log_ns in islice(_stamped(reader, topic, end_ns - _WINDOW_NS), _AT_ONCE):
            stamps.add(stamp_ns, log_ns)
    return other_rates(image, clouds)


def _clock_doubts(reader: BagReader, topics: Topics, offset_ns: int) -> list[str]:
    """At the begin, in the middle and at the end; what holds all along is one sentence."""
    last_ns = max(reader.duration_ns - _WINDOW_NS, 0)
    told: dict[str, str] = {}
    for begin_ns in sorted({0, last_ns // 2, last_ns}):
        image, *clouds = (
            _window(reader, topic, reader.start_ns + begin_ns)
            for topic in (topics.image, *topics.clouds)
        )
        for stream in clouds:
            for doubt in clock_doubts(image, [stream], offset_ns):
                told.setdefault(stream.topic, doubt)
    return list(told.values())


def _window(reader: BagReader, topic: Topic, begin_ns: int) -> StreamStamps:
    stamps = StreamStamps(topic.name)
    for stamp_ns, log_ns in islice(
        _stamped(reader, topic, begin_ns, begin_ns + _WINDOW_NS + 1), _AT_ONCE
    ):
        stamps.add(stamp_ns, log_ns)
    return stamps


def _stamped(
    reader: BagReader, topic: Topic, begin_ns: int | None = None, end_ns: int | None = None
) -> Iterator[tuple[int, int]]:
    """Stamp and time of recording of a topic's messages, up to where the bag is damaged."""
    with suppress(BagError):  # told when it is completed
        for message in reader.messages(topic.connections, begin_ns, end_ns):
            with suppress(BagError):
                yield stamp_ns_of(reader.decoded(message)), message.log_ns
