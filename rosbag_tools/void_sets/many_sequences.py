# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writing all sequences of a set, however the work is divided."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from rosbag_tools.many.flags import ManyFlags
from rosbag_tools.many.outcome import Outcome
from rosbag_tools.many.run_many import run_many
from rosbag_tools.many.threads import computing_threads
from rosbag_tools.void_sets.job import DatasetJob
from rosbag_tools.void_sets.places import SetPlaces


def write_sequences(jobs: Sequence[DatasetJob], flags: ManyFlags) -> list[Outcome]:
    """Write sequences; the summary of an outcome is the record of its sequence.

    Args:
        jobs: of one set.
        flags: how they are divided; in this process, plans and progress are shown.

    Returns:
        The outcomes in the order of the jobs.

    Raises:
        BagError: the engine cannot start.
        KeyboardInterrupt: Ctrl-C, which is told; the same command goes on from there.
    """
    if not jobs:
        return []
    tell = partial(print, flush=True)
    shown = None if flags.is_divided else tell
    reads = [path for job in jobs for path in (*job.inputs, *job.features, *job.reads.files())]
    try:
        return run_many(
            jobs,
            partial(_write, threads=flags.threads_each, tell=shown),
            flags.chosen_engine(sorted(set(reads)), jobs[0].output),
            title="writing",
            is_shown=flags.is_divided or len(jobs) > 1,
            told=partial(_tell_outcome, is_brief=shown is None),
            tell=tell,
        )
    except KeyboardInterrupt:
        print(_interrupted(jobs), file=sys.stderr)
        raise


def unfinished(jobs: Sequence[DatasetJob]) -> list[str]:
    """The sequences that no run has finished."""
    return [job.name for job in jobs if not SetPlaces(job.output).record(job.name).exists()]


def _write(
    job: DatasetJob, *, threads: int, tell: Callable[[str], object] | None
) -> dict[str, Any]:
    from rosbag_tools.void_sets.run_sequence import run_dataset_job  # noqa: PLC0415 - with torch

    if tell is None:
        with computing_threads(threads):
            return run_dataset_job(job, threads=threads, is_shown=False)
    tell(f"{job.name}: {', '.join(map(str, job.inputs))}")
    return run_dataset_job(job, tell, threads=threads)


def _tell_outcome(outcome: Outcome, *, is_brief: bool) -> None:
    if outcome.summary is None:
        print(f"error: {outcome.name}: {outcome.error}\n{outcome.trace}".strip(), file=sys.stderr)
    elif is_brief:
        told = outcome.summary["summary"]
        print(f"{outcome.name}: {told['frames']} of {told['images']} images", flush=True)


def _interrupted(jobs: Sequence[DatasetJob]) -> str:
    if jobs[0].dry_run:
        return "interrupted; nothing was written"
    left = unfinished(jobs)
    return f"interrupted in {', '.join(left[:1])}: the same command goes on from there"
