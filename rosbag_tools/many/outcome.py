# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What comes of one of many jobs."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from rosbag_tools.errors import FOR_THE_USER

Summary: TypeAlias = dict[str, Any]


class NamedJob(Protocol):
    """A job among others: a value that can be pickled, with a name that no other one has."""

    @property
    def name(self) -> str:
        """What it is called in messages and reports."""


J = TypeVar("J", bound=NamedJob)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a job.

    Attributes:
        name: the job's.
        summary: plain values, ready for JSON; None where the job failed.
        error: why it failed, for the user; empty where it did not.
        trace: where a fault of the program itself happened; empty for all others.
        deaths: how many workers died of it.
    """

    name: str
    summary: Summary | None = None
    error: str = ""
    trace: str = ""
    deaths: int = 0


def outcome_of(run: Callable[[J], Summary], job: J) -> Outcome:
    """Run a job; one that fails must not end the others.

    Raises:
        BrokenPipeError, KeyboardInterrupt: as ``run`` does; they end the program.
    """
    try:
        return Outcome(name=job.name, summary=run(job))
    except BrokenPipeError:  # whoever reads what is told has left
        raise
    except FOR_THE_USER as error:
        return Outcome(name=job.name, error=str(error))
    except Exception as error:
        fault = f"a fault of this program: {type(error).__name__}: {error}"
        return Outcome(name=job.name, error=fault, trace=traceback.format_exc())
