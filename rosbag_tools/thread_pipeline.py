# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Work in stages, each on a thread of its own, order kept: read while computing while writing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from queue import Queue
from typing import Any

_END = object()
_QUEUE_SIZE = 16


class ThreadPipeline:
    """A chain of functions fed item by item; the first exception of any stage ends them all.

    A stage gets an item and returns the item for the next one; what the last one returns is
    thrown away. :meth:`put` waits while the first stage is busy, so memory stays bounded.
    """

    def __init__(self, functions: Iterable[Callable[[Any], Any]]) -> None:
        self._functions = list(functions)
        self._queues: list[Queue[Any]] = [Queue(_QUEUE_SIZE) for _ in self._functions]
        self._error: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._work, args=(index,), daemon=True, name=f"stage {index}")
            for index in range(len(self._functions))
        ]
        for thread in self._threads:
            thread.start()

    def put(self, item: object) -> None:
        """Feed one item; raises what a stage has raised."""
        self._raise()
        self._queues[0].put(item)

    def finish(self) -> None:
        """Wait until everything that was fed has passed; raises what a stage has raised."""
        self._queues[0].put(_END)
        for thread in self._threads:
            thread.join()
        self._raise()

    def _work(self, index: int) -> None:
        source, function = self._queues[index], self._functions[index]
        is_last = index + 1 == len(self._functions)
        while True:
            item = source.get()
            if item is not _END and self._error is None:
                item = self._call(function, item)
            # After an error the stages go on emptying their queues, so that nobody waits for ever.
            if not is_last and (item is _END or self._error is None):
                self._queues[index + 1].put(item)
            if item is _END:
                return

    def _call(self, function: Callable[[Any], Any], item: object) -> object:
        try:
            return function(item)
        except BaseException as error:  # handed to the thread that feeds
            self._error = self._error or error
            return None

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error
