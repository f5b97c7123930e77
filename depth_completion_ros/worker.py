# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The mailbox between executor and model, and the one thread that owns the device."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

REPLACED = "a newer pair came before the model was free"
WAITED = "decided together with a newer pair, waited longer than max_wait_ms"


class Mailbox(Generic[T]):
    """Holds what was decided last, so that nothing queues up.

    One cloud decides several images at once where the camera is faster than the lidar. Such a batch
    is handed out one by one; what is left of it when the next one comes is forgotten, and so is all
    but its newest item when it has waited for too long.

    Attributes:
        max_wait_s: how long the items of a batch may wait, seconds.
        drops: how many items were forgotten, by reason.
    """

    def __init__(self, max_wait_s: float) -> None:
        self._changed = threading.Condition()
        self._items: deque[T] = deque()
        self._put_s = 0.0
        self._is_closed = False
        self.max_wait_s = max_wait_s
        self.drops: Counter[str] = Counter()

    def put(self, batch: Sequence[T]) -> None:
        """Leave some items, oldest first; never waits."""
        with self._changed:
            self._forget(len(self._items), REPLACED)
            self._items.extend(batch)
            self._put_s = time.monotonic()
            self._changed.notify()

    def take(self) -> T | None:
        """The next item, waiting for one; None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._is_closed)
            if self._is_closed:
                return None
            if time.monotonic() - self._put_s > self.max_wait_s:
                self._forget(len(self._items) - 1, WAITED)
            return self._items.popleft()

    def close(self) -> None:
        """Wake who waits; what was not taken is forgotten."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _forget(self, count: int, reason: str) -> None:
        for _ in range(count):
            self._items.popleft()
        if count:
            self.drops[reason] += count


class Worker(Generic[T]):
    """Calls a function with what the mailbox holds, one after the other, on its own thread."""

    def __init__(self, mailbox: Mailbox[T], handle: Callable[[T], None]) -> None:
        self._mailbox, self._handle = mailbox, handle
        self._thread = threading.Thread(target=self._run, name="completion", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the current item, then end the thread."""
        self._mailbox.close()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while (item := self._mailbox.take()) is not None:
            self._handle(item)
