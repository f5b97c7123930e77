# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Running many jobs on some engine, with their progress shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

from depth_completion_core.progress import ProgressDisplay
from rosbag_tools.many.engine import Engine
from rosbag_tools.many.outcome import J, Outcome, Summary


def run_many(
    jobs: Sequence[J],
    run: Callable[[J], Summary],
    engine: Engine,
    *,
    title: str,
    is_shown: bool,
    told: Callable[[Outcome], object],
    tell: Callable[[str], object],
) -> list[Outcome]:
    """Run all jobs; one that fails does not end the others.

    Args:
        jobs: with a name each.
        run: a function of a module, which other processes can import.
        engine: what runs them.
        title: what is done, for the progress.
        is_shown: whether the progress over all jobs is shown.
        told: is given each outcome when it is there.
        tell: is given what happens to workers, in sentences.

    Returns:
        The outcomes in the order of the jobs.

    Raises:
        BagError: the engine cannot start.
        KeyboardInterrupt: Ctrl-C; the workers have ended, and those jobs that they were at are as
            if they had not been begun.
    """
    if not jobs:  # no engine need be started
        return []
    found: dict[str, Outcome] = {}
    with (
        ProgressDisplay(title, unit="recording", total=len(jobs), is_shown=is_shown) as display,
        closing(engine.outcomes(run, jobs, tell)) as outcomes,
    ):
        for outcome in outcomes:
            found[outcome.name] = outcome
            told(outcome)
            failed = sum(each.summary is None for each in found.values())
            display.advance(text=f"{failed} failed" if failed else "")
    return [found[job.name] for job in jobs]
