# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the stamps of a bag's topics tell which measurement belongs to which image."""

from __future__ import annotations

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.config import PairingConfig
from depth_completion_core.sensing.stamp_health import REMEDY, StreamStamps, why_never_paired
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader
from rosbag_tools.topics import Topic, Topics


def smallest_gap(gap_ns: int) -> str:
    """How near images and measurements come to each other, where none is near enough."""
    return (
        f"the smallest gap is {gap_ns / 1e6:.1f} ms. Mind the clocks: "
        "--pairing.cloud-clock-offset-ms corrects a constant difference, and --stamps recorded "
        "takes the time of recording in place of the stamps"
    )


def check_stamps(reader: BagReader, topics: Topics, pairing: PairingConfig) -> None:
    """Refuse a bag whose images would be paired with the wrong measurements, or with none.

    Raises:
        BagError: the topics, what is wrong with their stamps, and what to do.
    """
    offset_ns = round((pairing.cloud_clock_offset_ms + pairing.cloud_time_offset_ms) * 1e6)
    image = _stamps_of(reader, topics.image)
    clouds = [_stamps_of(reader, cloud) for cloud in topics.clouds]
    reasons = why_never_paired(image, clouds, offset_ns) if clouds else []
    if topics.truth:
        reasons += why_never_paired(image, [_stamps_of(reader, topics.truth)])
    if reasons:
        raise BagError(f"{'; '.join(dict.fromkeys(reasons))}. {REMEDY}")


def _stamps_of(reader: BagReader, topic: Topic) -> StreamStamps:
    """Read up to where the stamps change: the second message, where all is well."""
    stamps = StreamStamps(topic.name)
    try:
        for message in reader.messages(topic.connections):
            try:
                stamp_ns = stamp_ns_of(reader.decoded(message))
            except BagError:  # counted when it is completed
                continue
            stamps.add(stamp_ns, message.log_ns)
            if stamps.is_changing:
                break
    except BagError:  # the bag is damaged from here on, which is told when it is completed
        pass
    return stamps
