# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scenes generated ahead of time, by other processes if requested."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import count
from types import TracebackType

from depth_completion_core.world.scene import WorldScene
from depth_completion_core.world.scene_sampling import WorldConfig, sample_scene

_AHEAD = 4


class SceneSource:
    """Scenes of one seed in order; the same ones whatever the number of workers.

    A scene takes tens of milliseconds of Python, so one process cannot feed a GPU.

    Args:
        config: which scenes.
        seed: of the world, at least 0.
        first: number of the first frame.
        workers: processes that draw; 0 draws in this one.
        numbers: of the frames, without end; all from ``first`` on where None.
        ahead: scenes that the workers draw before they are asked for; 0 for four each.
    """

    def __init__(
        self,
        config: WorldConfig,
        seed: int,
        *,
        first: int = 0,
        workers: int = 0,
        numbers: Iterable[int] | None = None,
        ahead: int = 0,
    ) -> None:
        self._config, self._seed = config, seed
        self._numbers = count(first) if numbers is None else iter(numbers)
        self._waiting: deque[tuple[int, Future[WorldScene]]] = deque()
        self._wanted = max(ahead, _AHEAD * workers)
        self._pool = (
            ProcessPoolExecutor(
                workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_end_with_parent,
            )
            if workers
            else None
        )

    def __enter__(self) -> SceneSource:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the workers."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def take(self, amount: int) -> tuple[list[int], list[WorldScene]]:
        """The next numbers and their scenes."""
        pairs = [next(self) for _ in range(amount)]
        return [number for number, _ in pairs], [scene for _, scene in pairs]

    def __iter__(self) -> Iterator[tuple[int, WorldScene]]:
        return self

    def __next__(self) -> tuple[int, WorldScene]:
        if self._pool is None:
            number = next(self._numbers)
            return number, sample_scene(self._config, self._seed, number)
        while len(self._waiting) < self._wanted:
            number = next(self._numbers)
            future = self._pool.submit(sample_scene, self._config, self._seed, number)
            self._waiting.append((number, future))
        number, future = self._waiting.popleft()
        return number, future.result()


def _end_with_parent() -> None:
    """End this worker when its parent is gone: a pool's workers outlive one that was killed."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
