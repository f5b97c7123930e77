# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Work on several threads at once, the results in the order of the items."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_WAITING_PER_THREAD = 2


def in_threads(
    items: Iterable[T], work: Callable[[T], R], threads: int
) -> Generator[R, None, None]:
    """``work`` of each item; a few items are read ahead, so memory stays bounded.

    The first exception of ``work`` is raised in its place, and nothing more is begun. Whoever stops
    early closes the iterator: it waits for the work that is under way.
    """
    waiting: deque[Future[R]] = deque()
    executor = ThreadPoolExecutor(threads)
    try:
        for item in items:
            waiting.append(executor.submit(work, item))
            while waiting and (waiting[0].done() or len(waiting) > threads * _WAITING_PER_THREAD):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
