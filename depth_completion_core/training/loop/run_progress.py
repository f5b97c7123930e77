# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far a run is, and what it gave so far."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

RECENT = 10


@dataclass(slots=True)
class RunProgress:
    """A part of every checkpoint.

    Attributes:
        step: steps that were made.
        skipped: samples that were left out.
        first_loss: of the first step.
        recent_losses: of the last steps.
        best: smallest figure of validation so far; infinite before the first.
        best_step: steps that had been made then.
        scores: all figures of the last validation.
        watched: the one that the learning rate depends on, of every validation.
    """

    step: int = 0
    skipped: int = 0
    first_loss: float = math.nan
    recent_losses: list[float] = field(default_factory=list)
    best: float = math.inf
    best_step: int = 0
    scores: dict[str, float] = field(default_factory=dict)
    watched: list[float] = field(default_factory=list)

    @property
    def loss(self) -> float:
        """Mean of the recent losses; NaN before the first."""
        known = [loss for loss in self.recent_losses if math.isfinite(loss)]
        return sum(known) / len(known) if known else math.nan

    def count(self, loss: float, skipped: int) -> None:
        """Take in a step: its mean loss (NaN for one without samples), the samples left out."""
        self.step += 1
        self.skipped += skipped
        if math.isnan(self.first_loss):
            self.first_loss = loss
        self.recent_losses = [*self.recent_losses, loss][-RECENT:]

    def is_due(self, every: int, total: int) -> bool:
        """Whether this step is one of those, or the last."""
        return self.step % every == 0 or self.step == total


@dataclass(slots=True)
class TimeSpent:
    """Where the time of the steps went since the run was started for the last time."""

    steps: int = 0
    data_s: float = 0.0
    compute_s: float = 0.0

    def count(self, *, data_s: float, compute_s: float) -> None:
        """Take in a step; the first one's start-up is left out."""
        self.steps += 1
        if self.steps > 1:
            self.data_s += data_s
            self.compute_s += compute_s

    def means(self) -> dict[str, float]:
        """Milliseconds per step of waiting for samples and of all else; NaN before the second."""
        steps = self.steps - 1
        data_s = self.data_s / steps if steps > 0 else math.nan
        compute_s = self.compute_s / steps if steps > 0 else math.nan
        return {"data_ms_per_step": 1e3 * data_s, "compute_ms_per_step": 1e3 * compute_s}
