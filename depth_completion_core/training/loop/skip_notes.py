# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Samples that are left out, said once for each reason, and counted."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.batch import Batch

_STEPS_WITHOUT_SAMPLES = 25


class SkipNotes:
    """Says of the first sample of each reason that it is skipped, and in the end how many were."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._steps = self._used = 0

    def take(self, passes: Sequence[Batch]) -> None:
        """Look at what was left out of the batches of a step.

        Raises:
            TrainingError: many steps had no sample at all.
        """
        self._steps += 1
        self._used += sum(batch.size for batch in passes)
        for name, reason, detail in (each for batch in passes for each in batch.skipped):
            self._counts[reason] += 1
            if self._counts[reason] == 1:
                more = f" ({detail})" if detail else ""
                _say(
                    f"sample {name} is skipped: it has {reason}{more}; further ones are only "
                    "counted"
                )
        if self._steps == _STEPS_WITHOUT_SAMPLES and not self._used:
            raise TrainingError(
                f"none of {sum(self._counts.values())} samples can be learned from: "
                f"{self._reasons()}; the first of each kind is named above"
            )

    def close(self) -> None:
        """Say how many were left out in this process since it started."""
        if self._counts:
            _say(f"skipped since the start: {self._reasons()}")

    def _reasons(self) -> str:
        return "; ".join(f"{count} had {reason}" for reason, count in self._counts.most_common())


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
