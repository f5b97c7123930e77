# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Jobs over a Ray cluster: one task each."""

from __future__ import annotations

import dataclasses
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rosbag_tools.errors import BagError
from rosbag_tools.many.engine import MOST_DEATHS, death_notice, given_up
from rosbag_tools.many.outcome import J, Outcome, Summary, outcome_of
from rosbag_tools.many.ray_module import ray_module
from rosbag_tools.many.shared_paths import check_shared

_TIME_TO_END_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRay:
    """An engine of a Ray cluster, on whose nodes this project is installed.

    Attributes:
        address: of the cluster, as ``ray.init`` takes it; local for one of its own.
        count: tasks at once; 0 for as many as the cluster has room for.
        cpus: that are reserved for a job.
        gpus: that are reserved for a job.
        reads: files and folders that every node must see.
        writes: the folder of the outputs, which every node must see.
    """

    address: str
    count: int
    cpus: int
    gpus: float
    reads: tuple[Path, ...]
    writes: Path

    def outcomes(
        self, run: Callable[[J], Summary], jobs: Sequence[J], tell: Callable[[str], object]
    ) -> Generator[Outcome, None, None]:
        """The outcomes as they come; closing the iterator cancels the tasks, as Ctrl-C does."""
        ray = ray_module()
        with self._connected():
            nodes = self._able_nodes()
            check_shared(nodes, self.reads, self.writes)
            task = ray.remote(outcome_of).options(
                num_cpus=self.cpus, num_gpus=self.gpus, max_retries=0
            )
            waiting, deaths = deque(jobs), Counter[str]()
            running: dict[Any, J] = {}
            try:
                while waiting or running:
                    while waiting and not 0 < self.count <= len(running):
                        job = waiting.popleft()
                        running[task.remote(run, job)] = job
                    for reference in ray.wait(list(running))[0]:
                        job = running.pop(reference)
                        outcome = _answer(reference, job.name, deaths, tell)
                        if outcome is not None:
                            yield outcome
                        else:
                            waiting.append(job)
            finally:
                _cancel(list(running))

    @contextmanager
    def _connected(self) -> Iterator[None]:
        ray = ray_module()
        if ray.is_initialized():
            yield
            return
        own = {"num_cpus": max(self.count, 1) * self.cpus} if self.address == "local" else {}
        if own:
            own["include_dashboard"] = False
        ray.init(address=self.address, log_to_driver=False, logging_level="ERROR", **own)
        try:
            yield
        finally:
            ray.shutdown()

    def _able_nodes(self) -> list[tuple[str, str]]:
        """Identifier and address of the nodes that have what a job needs.

        Raises:
            BagError: there is none.
        """
        alive = [node for node in ray_module().nodes() if node["Alive"]]
        able = [
            (node["NodeID"], node["NodeManagerAddress"])
            for node in alive
            if node["Resources"].get("CPU", 0) >= self.cpus
            and node["Resources"].get("GPU", 0) >= self.gpus
        ]
        if not able:
            raise BagError(
                f"none of the {len(alive)} nodes of the Ray cluster has {self.cpus} CPUs and "
                f"{self.gpus:g} GPUs; ask for less with --threads and --gpus"
            )
        return able


def _answer(
    reference: Any,  # noqa: ANN401 - of Ray
    name: str,
    deaths: Counter[str],
    tell: Callable[[str], object],
) -> Outcome | None:
    """What came of a task; None where its worker died and it is to be tried once more."""
    ray = ray_module()
    try:
        outcome: Outcome = ray.get(reference)
    except ray.exceptions.RayTaskError as error:  # before the job began, such as an import
        return Outcome(name=name, error=f"its task cannot run: {_last_line(error)}")
    except ray.exceptions.RayError as error:
        deaths[name] += 1
        tell(death_notice(name, _CAUSES.get(type(error).__name__, _last_line(error)), deaths[name]))
        return given_up(name) if deaths[name] >= MOST_DEATHS else None
    return dataclasses.replace(outcome, deaths=deaths[name])


_CAUSES = {
    "WorkerCrashedError": "its process ended or was killed",
    "OutOfMemoryError": "its node ran out of memory",
    "NodeDiedError": "its node left the cluster",
}


def _last_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1].strip()


def _cancel(references: list[Any]) -> None:
    ray = ray_module()
    for reference in references:
        ray.cancel(reference)  # a KeyboardInterrupt there
    if references:
        with suppress(ray.exceptions.RayError):
            ray.wait(references, num_returns=len(references), timeout=_TIME_TO_END_S)
