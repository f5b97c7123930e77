# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the stamps of streams can tell which measurement belongs to which image."""

from __future__ import annotations

from collections.abc import Sequence

from depth_completion_core.sensing.stream_stamps import StreamStamps

_NS_PER_S = 10**9
_YEAR_NS = 365 * 86_400 * _NS_PER_S
_OTHER_CLOCK_NS = 10 * _NS_PER_S  # more than any message is late
_PERHAPS_OTHER_CLOCK_NS = _NS_PER_S  # more than most messages are late
_LONG_ENOUGH_NS = 2 * _NS_PER_S
_SAME_RATE = 1.5
_OTHER_RATE = 3.0

REMEDY = (
    "Let the drivers stamp with one clock (PTP, NTP, or their option to use the host's time); for "
    "a bag, --stamps recorded takes the time of recording in place of the stamps"
)
"""What to do where stamps tell nothing."""


def why_never_paired(
    image: StreamStamps, others: Sequence[StreamStamps], clock_offset_ns: int = 0
) -> list[str]:
    """Why no measurement can be found for an image by its stamp, in sentences; empty where it can.

    Args:
        image: the stream of images.
        others: those that are paired with it.
        clock_offset_ns: how far the settings say that the clock of the others is behind.
    """
    filled = [stream for stream in (image, *others) if stream.count]
    unusable = [words for stream in filled if (words := stream.stuck or stream.crowded)]
    if unusable or not image.count:
        return unusable
    clocks = [_other_clock(image, stream, clock_offset_ns) for stream in filled[1:]]
    return other_rates(image, filled[1:]) or [words for words in clocks if words]


def other_rates(image: StreamStamps, others: Sequence[StreamStamps]) -> list[str]:
    """Streams whose stamps run far faster or slower than those of the images, in sentences."""
    return [words for stream in others if (words := _other_rate(image, stream))]


def clock_doubts(
    image: StreamStamps, others: Sequence[StreamStamps], clock_offset_ns: int = 0
) -> list[str]:
    """Clocks that probably differ by seconds, so that images find the wrong measurements.

    Args:
        image: as above; likewise the rest.
        others: those that are paired with it.
        clock_offset_ns: how far the settings say that the clock of the others is behind.
    """
    return [
        f"measured by when messages come, the stamps of {stream.topic} are "
        f"{_duration(abs(apart_ns))} {_relation(apart_ns)} those of {image.topic}: unless a driver "
        "holds its messages up for so long, the two clocks differ, and images get what was "
        "measured at another time. Let the drivers stamp with one clock, or set "
        f"pairing.cloud_clock_offset_ms to {round((clock_offset_ns + apart_ns) / 1e6)}"
        for stream in others
        if image.count and stream.count and _share_one_time(image, stream)
        if abs(apart_ns := _behind_ns(stream, image) - clock_offset_ns) > _PERHAPS_OTHER_CLOCK_NS
    ]


def _behind_ns(stream: StreamStamps, other: StreamStamps) -> int:
    """How far a stream's clock is behind that of another one; 0 where it may be the same.

    Messages that were recorded long after they were measured, one topic after the other, have
    delays of their own, but their stamps are alike.
    """
    behind_ns = stream.delay_ns - other.delay_ns
    apart_ns = abs(other.stamp_ns - stream.stamp_ns)
    return behind_ns if min(abs(behind_ns), apart_ns) > _PERHAPS_OTHER_CLOCK_NS else 0


def _share_one_time(one: StreamStamps, other: StreamStamps) -> bool:
    """Whether both came as they were measured, and neither is silent: then delays are delays."""
    if abs(one.arrival_ns - other.arrival_ns) > _LONG_ENOUGH_NS:
        return False
    return all(
        stream.since_first.arrival_ns < _SAME_RATE * max(stream.since_first.stamp_ns, 0) + _NS_PER_S
        and stream.since_first.stamp_ns < _SAME_RATE * stream.since_first.arrival_ns + _NS_PER_S
        for stream in (one, other)
    )


def _other_rate(image: StreamStamps, other: StreamStamps) -> str:
    """That stamps of one stream run far faster than those of another in the same time."""
    (stamps_a, came_a), (stamps_b, came_b) = image.since_first, other.since_first
    if min(came_a, came_b) < _LONG_ENOUGH_NS or min(stamps_a, stamps_b) <= 0:
        return ""
    by_span, by_rate = stamps_a / stamps_b, (stamps_a / came_a) / (stamps_b / came_b)
    # What was written as fast as a disk takes it has any rate, but its stamps span the same time.
    is_other = min(by_span, by_rate) > _OTHER_RATE or max(by_span, by_rate) < 1 / _OTHER_RATE
    if not is_other:
        return ""
    return (
        f"in {_duration(came_a)} the stamps of {image.topic} advance by {_duration(stamps_a)}, but "
        f"in {_duration(came_b)} those of {other.topic} by {_duration(stamps_b)}, so that they "
        "cannot be paired by time: one of the two drivers writes its stamps in other units"
    )


def _other_clock(image: StreamStamps, other: StreamStamps, clock_offset_ns: int) -> str:
    behind_ns = _behind_ns(other, image)
    is_other = abs(behind_ns) > _OTHER_CLOCK_NS and abs(other.stamp_ns - image.stamp_ns) > (
        _OTHER_CLOCK_NS
    )
    if not is_other or abs(behind_ns - clock_offset_ns) <= _OTHER_CLOCK_NS:
        return ""
    since_start = [
        f"; that of {stream.topic} counts from its start, as stamps of 1970 show"
        for stream in (image, other)
        if abs(stream.stamp_ns) < _YEAR_NS
    ]
    return (
        f"the clock of {other.topic} is {_duration(abs(behind_ns))} "
        f"{_relation(behind_ns)} that of {image.topic}, so none of their "
        f"messages are paired{''.join(since_start)}"
    )


def _relation(behind_ns: int) -> str:
    return "behind" if behind_ns > 0 else "ahead of"


def _duration(duration_ns: int) -> str:
    seconds = duration_ns / _NS_PER_S
    for unit, length in (("years", 365.25 * 86_400), ("days", 86_400), ("hours", 3_600)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"
