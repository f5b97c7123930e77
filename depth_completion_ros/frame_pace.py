# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How often depth comes, and how old it is."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median
from typing import NamedTuple

_KEPT = 20
_WINDOW_S = 5.0
_PATIENCE_S = 2.5
_PATIENCE_PERIODS = 3.0


class _Done(NamedTuple):
    at_s: float
    age_ms: float


class FramePace:
    """The latest frames that were completed; times are in the seconds of one steady clock."""

    def __init__(self) -> None:
        self._done: deque[_Done] = deque(maxlen=_KEPT)
        self._times_s: deque[float] = deque()
        self._first_s = 0.0

    def add(self, at_s: float, age_ms: float) -> None:
        """Note a frame: when its depth was published, and how old its image was then."""
        if not self._done:
            self._first_s = at_s
        self._done.append(_Done(at_s, age_ms))
        self._times_s.append(at_s)

    @property
    def age_ms(self) -> float:
        """Age of the depth when it was published, median of the latest frames; 0 before any."""
        return median(done.age_ms for done in self._done) if self._done else 0.0

    def rate_hz(self, now_s: float) -> float:
        """Frames per second over the latest 5 s, or the latest periods where these are longer.

        After the first frame, over the time since then: a node that has just begun is not slow.
        """
        window_s = max(_WINDOW_S, _PATIENCE_PERIODS * self._period_s)
        while self._times_s and self._times_s[0] < now_s - window_s:
            self._times_s.popleft()
        since_first_s = max(now_s - self._first_s, self._period_s)
        return len(self._times_s) / min(window_s, since_first_s) if since_first_s else 0.0

    def is_flowing(self, now_s: float) -> bool:
        """Whether the next frame is not overdue yet, at the pace of the latest ones."""
        if not self._done:
            return False
        patience_s = max(_PATIENCE_S, _PATIENCE_PERIODS * self._period_s)
        return now_s - self._done[-1].at_s <= patience_s

    @property
    def _period_s(self) -> float:
        times = [done.at_s for done in self._done]
        steps = [after - before for before, after in pairwise(times)]
        return median(steps) if steps else 0.0
