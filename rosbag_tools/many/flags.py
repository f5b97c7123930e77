# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The flags by which many recordings are divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rosbag_tools.errors import BagError
from rosbag_tools.many.engine import Engine
from rosbag_tools.many.in_process import InProcess
from rosbag_tools.many.outcome import J
from rosbag_tools.many.processes import Processes
from rosbag_tools.many.shard import Shard
from rosbag_tools.ordered_threads import usable_cores

EngineName = Literal["local", "ray"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyFlags:
    """How many recordings are divided; what comes out is the same."""

    jobs: int = 0
    """Recordings at once, each in a process of its own; 0 for one after the other in this process,
    or on Ray for as many as it has room for."""
    threads: int = 1
    """Threads on which networks are computed for each recording. The last bits of their depth
    depend on it, so keep it the same wherever results are to be the same."""
    engine: EngineName = "local"
    """local: processes of this machine; ray: a Ray cluster (extra 'cluster')."""
    address: str = "auto"
    """Of the Ray cluster: auto for the one that this machine belongs to, host:port, or local for
    one of its own that ends with the program."""
    gpus: float = 0.0
    """GPUs that Ray reserves for each recording; 0.5 lets two share one."""
    shard: str = ""
    """i/n: do the i-th of n parts only, i from 1; each part is a run of its own, on any machine."""
    merge: bool = False
    """Do no recording: join what all the shards have done to one report."""

    @property
    def is_given(self) -> bool:
        """Whether something was said that makes sense for many recordings alone."""
        return bool(self.is_divided or self.shard or self.merge)

    @property
    def is_divided(self) -> bool:
        """Whether the work is done by workers, rather than in this process."""
        return bool(self.jobs or self.engine != "local")

    def check(self) -> None:
        """Refuse what cannot be meant: BagError."""
        if self.jobs < 0 or self.threads < 1 or self.gpus < 0:
            raise BagError("--jobs and --gpus are 0 or more, --threads is 1 or more")
        if self.engine != "ray" and (self.gpus or self.address != "auto"):
            raise BagError("--address and --gpus are for --engine ray: give that too")
        if self.shard:
            Shard.parse(self.shard)
        if self.shard and self.merge:
            raise BagError("--merge joins all shards: give it once, without --shard")

    @property
    def threads_each(self) -> int:
        """Threads for a recording where results do not depend on them: its share of the cores."""
        if self.engine == "ray":
            return self.threads
        return max(self.threads, usable_cores() // max(self.jobs, 1))

    def part_of(self, jobs: Sequence[J]) -> list[J]:
        """The jobs that are this run's: all, or those of its shard."""
        return Shard.parse(self.shard).of(jobs) if self.shard else list(jobs)

    def chosen_engine(self, reads: Sequence[Path], writes: Path) -> Engine:
        """What runs the jobs.

        Args:
            reads: files and folders that every job may read.
            writes: the folder that all jobs write to.
        """
        if self.engine == "ray":
            from rosbag_tools.many.on_ray import OnRay  # noqa: PLC0415 - an extra

            return OnRay(
                address=self.address,
                count=self.jobs,
                cpus=self.threads,
                gpus=self.gpus,
                reads=tuple(reads),
                writes=writes,
            )
        return Processes(self.jobs) if self.jobs else InProcess()
