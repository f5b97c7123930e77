# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What runs many jobs: the contract of the engines."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol

from rosbag_tools.many.outcome import J, Outcome, Summary

MOST_DEATHS = 2
"""A job that so many workers died of is given up."""


class Engine(Protocol):
    """Runs jobs somewhere, in any order."""

    def outcomes(
        self, run: Callable[[J], Summary], jobs: Sequence[J], tell: Callable[[str], object]
    ) -> Generator[Outcome, None, None]:
        """One outcome for each job, as soon as it is there.

        A job whose worker died is run once more, by another one; then it is given up. Closing the
        iterator ends what still runs.

        Args:
            run: a function of a module, so that it can be found from another process.
            jobs: the jobs.
            tell: is given what happens to workers, in sentences.

        Raises:
            BagError: the jobs cannot be started at all.
        """


def given_up(name: str) -> Outcome:
    """The outcome of a job that its workers died of."""
    error = (
        f"its worker died {MOST_DEATHS} times, so it was given up; most often the memory is too "
        "small: try fewer --jobs at once"
    )
    return Outcome(name=name, error=error, deaths=MOST_DEATHS)


def death_notice(name: str, cause: str, deaths: int) -> str:
    """A sentence about a worker that died.

    Args:
        name: the job that it worked on.
        cause: what is known of it, such as ``killed by signal 9``.
        deaths: how many workers died of this job, with this one.
    """
    what = "it is given up" if deaths >= MOST_DEATHS else "it is tried once more"
    return f"{name}: its worker died ({cause}); {what}"
