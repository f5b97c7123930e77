# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one-slot mailbox between executor and model, and the one thread that owns the device."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds at most one item: a newer one replaces it, so that nothing queues up.

    Attributes:
        replaced: how many items were replaced before they were taken.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._is_closed = False
        self.replaced = 0

    def put(self, item: T) -> None:
        """Leave an item; never waits."""
        with self._changed:
            self.replaced += self._item is not None
            self._item = item
            self._changed.notify()

    def take(self) -> T | None:
        """The item, waiting for one; None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._is_closed)
            item, self._item = self._item, None
            return None if self._is_closed else item

    def close(self) -> None:
        """Wake who waits; what was not taken is forgotten."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


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
