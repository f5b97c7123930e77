# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Marks of what is finished, so that a run goes on where an earlier one was killed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from depth_completion_core.files.json_files import write_json
from rosbag_tools.errors import FOR_THE_USER, BagError
from rosbag_tools.many.identity import differences, files_of
from rosbag_tools.many.outcome import Outcome, Summary

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What is known of an output: a JSON file beside it.

    Attributes:
        identity: plain values; what the output is made from, and how.
        summary: of the job; None until it is finished.
        files: the output's files with their sizes in bytes, when it was finished.
        error: why the job failed.
    """

    identity: dict[str, Any]
    summary: Summary | None = None
    files: dict[str, int] = field(default_factory=dict)
    error: str = ""

    @classmethod
    def read(cls, path: Path) -> Mark | None:
        """The mark in a file; None where there is none.

        Raises:
            BagError: the file is none of ours.
        """
        try:
            return cls(**json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (TypeError, ValueError) as error:
            raise BagError(
                f"{path} is damaged: remove it, and the output that it is about"
            ) from error

    def write(self, path: Path) -> None:
        """Write it whole, or raise WriteError."""
        write_json(
            path,
            {
                "identity": self.identity,
                "summary": self.summary,
                "files": self.files,
                "error": self.error,
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedOutput:
    """An output with its mark.

    Attributes:
        path: of the output: a file or a folder, which is put in its place as a whole.
        mark: the file of its mark.
        identity: plain values; what the output is to be made from, and how.
        overwrite: whether it may take the place of one that was made in another way.
    """

    path: Path
    mark: Path
    identity: dict[str, Any]
    overwrite: bool

    def finished_or(self, make: Callable[[bool], Summary]) -> Summary:
        """The summary of an output that is finished already; else it is made.

        Args:
            make: makes the output; is given whether it may replace what is there.

        Raises:
            BagError: there is another output, which is not to be replaced.
            Exception: what ``make`` raises; what is for the user is kept in the mark, too.
        """
        known = Mark.read(self.mark)
        is_ours = known is not None and known.identity == self.identity
        if known and is_ours and known.summary is not None and known.files == files_of(self.path):
            return known.summary
        if known and known.summary is not None and self.path.exists() and not self.overwrite:
            raise BagError(f"{self.path} {self._why_not(known)}; --overwrite makes it anew")
        # A mark without a summary is of a run that was killed: then the output is its own.
        replaces = self.overwrite or bool(known and is_ours and known.summary is None)
        if self.path.exists() and not replaces:
            raise BagError(f"{self.path} exists already; give another output, or --overwrite")
        Mark(identity=self.identity).write(self.mark)
        try:
            summary = make(replaces)
        except FOR_THE_USER as error:
            Mark(identity=self.identity, error=str(error)).write(self.mark)
            raise
        Mark(identity=self.identity, summary=summary, files=files_of(self.path)).write(self.mark)
        return summary

    def changed_in(self, names: Sequence[str]) -> list[str]:
        """How parts of the identity differ from those of a finished output that is to stay."""
        known = None if self.overwrite else Mark.read(self.mark)
        if known is None or known.summary is None or not self.path.exists():
            return []
        old, new = (
            {name: each.get(name) for name in names} for each in (known.identity, self.identity)
        )
        return list(differences(old, new))

    def give_up(self, error: str) -> None:
        """Mark that it cannot be made, because those who tried died of it."""
        Mark(identity=self.identity, error=error).write(self.mark)

    def outcome(self, name: str) -> Outcome | None:
        """What came of it in earlier runs; None where it is still to be made."""
        known = Mark.read(self.mark)
        if known is None:
            return None
        if known.identity != self.identity:
            return Outcome(name=name, error=f"{self.path} {self._why_not(known)}")
        if known.summary is not None and known.files == files_of(self.path):
            return Outcome(name=name, summary=known.summary)
        return Outcome(name=name, error=known.error) if known.error else None

    def _why_not(self, known: Mark) -> str:
        if known.identity == self.identity:
            return "was changed since it was made"
        differ = list(differences(known.identity, self.identity))
        return f"was made in another way ({'; '.join(differ[:_MOST_NAMED])})"
