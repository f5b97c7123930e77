# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A few items, evenly spread over a stream whose length is not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SpreadSample(Generic[T]):
    """Keeps every n-th item, n doubling whenever that would be too many.

    Attributes:
        items: those kept so far, in order; the first is always among them.
    """

    def __init__(self, most: int) -> None:
        """Keep ``most`` items at most, at least half as many of a long stream."""
        self._most, self._every, self._seen = most, 1, 0
        self.items: list[T] = []

    def offer(self, make: Callable[[], T]) -> None:
        """The next item of the stream; it is made only if it is kept."""
        if self._seen % self._every == 0:
            if len(self.items) == self._most:
                self.items = self.items[::2]
                self._every *= 2
            if self._seen % self._every == 0:
                self.items.append(make())
        self._seen += 1
