# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fewer frames per second, chosen by their stamps."""

from __future__ import annotations


class RateGrid:
    """Says which of a stream's frames to take so that there are at most so many per second.

    The instants at which one is due stand on a grid from the first stamp on, so that a rate that
    does not divide the stream's own is kept on average. A frame may come a quarter of the period
    early, because stamps jitter. Where time jumps back, the grid begins anew.

    Args:
        rate_hz: frames per second; 0 for all.
    """

    def __init__(self, rate_hz: float) -> None:
        if not 0 <= rate_hz < float("inf"):
            raise ValueError(f"a rate is 0 or more frames per second, got {rate_hz:g}")
        self._period_ns = 1e9 / rate_hz if rate_hz else 0.0
        self._first_ns: int | None = None
        self._last_ns = 0
        self._due = 0  # number of the next instant of the grid

    def takes(self, stamp_ns: int) -> bool:
        """Whether to take the frame of this stamp; stamps come in their order."""
        if not self._period_ns:
            return True
        if self._first_ns is None or stamp_ns < self._last_ns:
            self._first_ns, self._due = stamp_ns, 0
        self._last_ns = stamp_ns
        place = (stamp_ns - self._first_ns) / self._period_ns
        if place < self._due - 0.25:
            return False
        self._due = int(place + 0.25) + 1
        return True
