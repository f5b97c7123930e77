# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Samples that are left out, said once for each reason."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from depth_completion_core.training.feeds.batch import Batch


class SkipNotes:
    """Says of the first sample of each reason that it is skipped; all are counted elsewhere."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def take(self, passes: Sequence[Batch]) -> None:
        """Look at what was left out of the batches of a step."""
        for name, reason in (skipped for batch in passes for skipped in batch.skipped):
            if reason not in self._said:
                self._said.add(reason)
                print(
                    f"sample {name} is skipped: it has {reason}; further ones are only counted",
                    file=sys.stderr,
                    flush=True,
                )
