# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the stamps of streams can tell which measurement belongs to which image."""

from __future__ import annotations

from collections.abc import Sequence

_NS_PER_S = 10**9
_YEAR_NS = 365 * 86_400 * _NS_PER_S
_STUCK_NS = 50_000_000  # a message that arrives twice does so at once
_STUCK_LATER_NS = _NS_PER_S  # a sweep may come in parts with one stamp
_OTHER_CLOCK_NS = 10 * _NS_PER_S  # more than any message is late

REMEDY = (
    "Let the drivers stamp with one clock (PTP, NTP, or their option to use the host's time); for "
    "a bag, --stamps recorded takes the time of recording in place of the stamps"
)
"""What to do where stamps tell nothing."""


class StreamStamps:
    """The stamps of one stream, as its messages come.

    Attributes:
        topic: its name.
        count: how many messages came.
        stamp_ns: stamp of the newest, nanoseconds.
    """

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.count = 0
        self.stamp_ns = 0
        self._arrival_ns = 0
        self._run = 0  # messages in a row with one stamp, up to the newest
        self._run_since_ns = 0

    def add(self, stamp_ns: int, arrival_ns: int) -> None:
        """Note a message: its stamp, and when it was recorded or received (any clock)."""
        if not self.count or stamp_ns != self.stamp_ns:
            self._run, self._run_since_ns = 0, arrival_ns
        self.count += 1
        self._run += 1
        self.stamp_ns, self._arrival_ns = stamp_ns, arrival_ns

    @property
    def is_changing(self) -> bool:
        """Whether the newest stamp is not that of the message before it."""
        return self.count > 1 and self._run == 1

    @property
    def stuck(self) -> str:
        """That all messages of late carry one stamp, in a sentence; empty where they do not."""
        lasts_ns = self._arrival_ns - self._run_since_ns
        is_all = self._run == self.count
        if self._run < 2 or lasts_ns < (_STUCK_NS if is_all else _STUCK_LATER_NS):
            return ""
        which = "all" if is_all else "the last"
        stamp = "0" if not self.stamp_ns else f"{self.stamp_ns / _NS_PER_S:.3f} s"
        return (
            f"{self.topic}: {which} {self._run} messages, over {lasts_ns / _NS_PER_S:.1f} s, are "
            f"stamped {stamp}, so that nothing can be paired with them by time"
        )

    def behind_ns(self, other: StreamStamps) -> int:
        """How far this stream's clock is behind that of another one; 0 where it may be the same.

        Messages that were recorded long after they were measured, one topic after the other, have
        delays of their own, but their stamps are alike.
        """
        delay_ns = self._arrival_ns - self.stamp_ns
        behind_ns = delay_ns - (other._arrival_ns - other.stamp_ns)
        apart_ns = min(abs(behind_ns), abs(other.stamp_ns - self.stamp_ns))
        return behind_ns if apart_ns > _OTHER_CLOCK_NS else 0


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
    stuck = [stream.stuck for stream in filled if stream.stuck]
    if stuck or not image.count:
        return stuck
    return [
        _different_clocks(image, stream, behind_ns)
        for stream in filled[1:]
        if (behind_ns := stream.behind_ns(image))
        and abs(behind_ns - clock_offset_ns) > _OTHER_CLOCK_NS
    ]


def _different_clocks(image: StreamStamps, other: StreamStamps, behind_ns: int) -> str:
    since_start = [
        f"; that of {stream.topic} counts from its start, as stamps of 1970 show"
        for stream in (image, other)
        if abs(stream.stamp_ns) < _YEAR_NS
    ]
    relation = "behind" if behind_ns > 0 else "ahead of"
    return (
        f"the clock of {other.topic} is {_duration(abs(behind_ns))} {relation} that of "
        f"{image.topic}, so none of their messages are paired{''.join(since_start)}"
    )


def _duration(duration_ns: int) -> str:
    seconds = duration_ns / _NS_PER_S
    for unit, length in (("years", 365.25 * 86_400), ("days", 86_400), ("hours", 3_600)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"
