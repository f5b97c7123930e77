# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The stamps of one stream of messages, beside when they came."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median
from typing import NamedTuple

_NS_PER_S = 10**9
_STUCK_NS = 50_000_000  # a message that arrives twice does so at once
_STUCK_LATER_NS = _NS_PER_S  # a sweep may come in parts with one stamp
_KEPT = 24
_NEWEST = 100
_FEWEST_STEPS = 3
_SHORTEST_STEP_NS = 1_000_000  # no camera and no lidar sends a thousand messages a second
_CROWDED = 20.0  # times
_STARTED_AGAIN_NS = _NS_PER_S


class Message(NamedTuple):
    """When a message was stamped, and when it was recorded or received, each by its own clock."""

    stamp_ns: int
    arrival_ns: int


class StreamStamps:
    """The stamps of one stream, as its messages come.

    Attributes:
        topic: its name.
        count: how many messages came.
        stamp_ns: stamp of the newest, nanoseconds.
        newest_ns: stamps of up to 100 of the newest, in the order that they came in.
    """

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.count = 0
        self.stamp_ns = 0
        self.newest_ns: deque[int] = deque(maxlen=_NEWEST)
        self._arrival_ns = 0
        self._first = Message(0, 0)
        self._recent: deque[Message] = deque(maxlen=_KEPT)
        self._run = 0  # messages in a row with one stamp, up to the newest
        self._run_since_ns = 0

    def add(self, stamp_ns: int, arrival_ns: int) -> None:
        """Note a message: its stamp, and when it was recorded or received (any clock)."""
        if not self.count or stamp_ns != self.stamp_ns:
            self._run, self._run_since_ns = 0, arrival_ns
        if not self.count or stamp_ns < self.stamp_ns - _STARTED_AGAIN_NS:
            self._first = Message(stamp_ns, arrival_ns)
            self._recent.clear()
        self.count += 1
        self._run += 1
        self.stamp_ns, self._arrival_ns = stamp_ns, arrival_ns
        self.newest_ns.append(stamp_ns)
        self._recent.append(Message(stamp_ns, arrival_ns))

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

    @property
    def crowded(self) -> str:
        """That stamps lie closer together than messages can come; empty where they do not.

        A driver that writes microseconds into ``nanosec`` does that: within each second its stamps
        advance a thousand times too slowly.
        """
        steps = [step for step in self._steps() if step.stamp_ns > 0]
        if len(steps) < _FEWEST_STEPS:
            return ""
        stamped_ns = median(step.stamp_ns for step in steps)
        came_ns = median(step.arrival_ns for step in steps)
        if stamped_ns >= _SHORTEST_STEP_NS or came_ns < _CROWDED * stamped_ns:
            return ""
        unit = "microseconds" if came_ns < 30_000 * stamped_ns else "milliseconds"
        return (
            f"{self.topic}: messages that come {came_ns / 1e6:.0f} ms apart are stamped "
            f"{stamped_ns / 1e6:.4g} ms apart, as where {unit} are written into nanosec, so that "
            "nothing can be paired with them by time"
        )

    @property
    def delay_ns(self) -> int:
        """How long after their stamps messages come of late, by two clocks that may differ."""
        return int(median(item.arrival_ns - item.stamp_ns for item in self._recent))

    @property
    def since_first(self) -> Message:
        """How far stamps and arrivals have advanced since the first message."""
        return Message(self.stamp_ns - self._first.stamp_ns, self._arrival_ns - self._first[1])

    @property
    def arrival_ns(self) -> int:
        """When the newest message came."""
        return self._arrival_ns

    def _steps(self) -> list[Message]:
        return [
            Message(after.stamp_ns - before.stamp_ns, after.arrival_ns - before.arrival_ns)
            for before, after in pairwise(self._recent)
        ]
