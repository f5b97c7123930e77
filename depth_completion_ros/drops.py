# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames that were not completed: counted by reason, told in a sentence now and then."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

_SECONDS_BETWEEN_SENTENCES = 5.0


class Drops:
    """Counts drops; each reason is logged at most every five seconds."""

    def __init__(self, log: Callable[[str], object]) -> None:
        self._log = log
        self._counts: Counter[str] = Counter()
        self._logged_at: dict[str, float] = {}

    def add(self, reason: str, sentence: str) -> None:
        """Count one; the sentence says what was found and what to do."""
        self._counts[reason] += 1
        now = time.monotonic()
        if now - self._logged_at.get(reason, -1e9) >= _SECONDS_BETWEEN_SENTENCES:
            self._logged_at[reason] = now
            count = self._counts[reason]
            self._log(f"frame dropped, {reason} ({count} so far): {sentence}")

    @property
    def counts(self) -> dict[str, int]:
        """How many, by reason."""
        return dict(self._counts)
