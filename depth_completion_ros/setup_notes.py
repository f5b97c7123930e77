# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is odd in the set-up: logged once, and shown in /diagnostics for as long as it holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_NUMBERS = re.compile(r"-?\d+(\.\d+)?")


class SetupNotes:
    """Collects the sentences of some sources."""

    def __init__(self, log: Callable[[str], object], *sources: Callable[[], Iterable[str]]) -> None:
        self._log, self._sources = log, sources
        self._said: set[str] = set()

    def current(self) -> list[str]:
        """All sentences that hold now; what differs from one said before in numbers only is old."""
        notes = [note for source in self._sources for note in source()]
        for note in notes:
            kind = _NUMBERS.sub("", note)
            if kind not in self._said:
                self._said.add(kind)
                self._log(note)
        return notes
