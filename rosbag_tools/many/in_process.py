# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One job after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from rosbag_tools.many.outcome import J, Outcome, Summary, outcome_of


class InProcess:
    """An engine without workers; what kills a job kills the program."""

    def outcomes(
        self, run: Callable[[J], Summary], jobs: Sequence[J], tell: Callable[[str], object]
    ) -> Generator[Outcome, None, None]:
        """The outcomes in the order of the jobs."""
        for job in jobs:
            yield outcome_of(run, job)
