# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Jobs over processes of this machine."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Generic

from rosbag_tools.many.engine import MOST_DEATHS, death_notice, given_up
from rosbag_tools.many.outcome import J, Outcome, Summary, outcome_of

_TIME_TO_END_S = 30.0  # a slow model finishes its frame before it sees that it is to end


@dataclass(frozen=True, slots=True)
class Processes:
    """An engine of worker processes, each with one job at a time.

    They are spawned, not forked, because threads and CUDA do not survive a fork. A worker keeps
    what it has loaded, such as a model, for its next job.

    Attributes:
        count: how many at once.
    """

    count: int

    def outcomes(
        self, run: Callable[[J], Summary], jobs: Sequence[J], tell: Callable[[str], object]
    ) -> Generator[Outcome, None, None]:
        """The outcomes as they come; closing the iterator ends the workers as Ctrl-C does."""
        waiting, deaths = deque(jobs), Counter[str]()
        busy: list[_Worker[J]] = []
        try:
            while waiting or busy:
                while waiting and len(busy) < self.count:
                    busy.append(_Worker(run, waiting.popleft()))
                for worker in _with_news(busy):
                    name, outcome = worker.job.name, worker.outcome()
                    if outcome is None:
                        deaths[name] += 1
                        tell(death_notice(name, worker.cause_of_death(), deaths[name]))
                        busy.remove(worker)
                        if deaths[name] < MOST_DEATHS:
                            waiting.append(worker.job)
                        else:
                            yield given_up(name)
                        continue
                    if waiting:
                        worker.give(waiting.popleft())
                    else:
                        worker.dismiss()
                        busy.remove(worker)
                    yield dataclasses.replace(outcome, deaths=deaths[name])
        finally:
            _end(busy)


class _Worker(Generic[J]):
    """A process and the job that it works on."""

    def __init__(self, run: Callable[[J], Summary], job: J) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, run), daemon=True)
        self.process.start()
        theirs.close()  # so that the pipe ends when the worker does
        self.give(job)

    def give(self, job: J) -> None:
        self.job = job
        with suppress(OSError):  # it died meanwhile, which the pipe tells next
            self.pipe.send(job)

    def outcome(self) -> Outcome | None:
        """What came of the job; None where the worker died of it."""
        try:
            outcome: Outcome = self.pipe.recv()
        except (EOFError, OSError):
            return None
        return outcome

    def cause_of_death(self) -> str:
        self.process.join()
        code = self.process.exitcode or 0
        return f"killed by signal {-code}" if code < 0 else f"exit code {code}"

    def dismiss(self) -> None:
        """Let it end: there are no more jobs."""
        with suppress(OSError):
            self.pipe.send(None)
        self.process.join(_TIME_TO_END_S)


def _with_news(workers: Sequence[_Worker[J]]) -> list[_Worker[J]]:
    ready = wait([worker.pipe for worker in workers])
    return [worker for worker in workers if worker.pipe in ready]


def _end(workers: Sequence[_Worker[J]]) -> None:
    for worker in workers:
        worker.process.terminate()
    for worker in workers:
        worker.process.join(_TIME_TO_END_S)
        worker.process.kill()


def _work(pipe: Connection, run: Callable[[J], Summary]) -> None:
    """What a worker does until it gets None, is told to end, or is left alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it too; its parent decides
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(KeyboardInterrupt, EOFError, OSError):
        while (job := pipe.recv()) is not None:
            pipe.send(outcome_of(run, job))


def _interrupt(signum: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what cleans up is not to be interrupted
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101 - this runs in a child
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
