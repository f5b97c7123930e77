# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The learning rate of every step: by the step and the scores so far, so that a run can resume."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from depth_completion_core.settings.fields import ConfigError, setting

Score = Literal["rmse_mm", "mae_mm", "rel", "irmse_per_km", "imae_per_km"]
"""Metrics of validation that are better the smaller they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleConfig:
    """How the learning rate changes."""

    kind: Literal["cosine", "piecewise", "plateau"] = "cosine"
    """cosine: from rate down along half a cosine. piecewise: rates, each until its epoch. plateau:
    rate, lowered when validation stops to improve."""
    rate: float = setting(3e-4, low=0.0)
    """Highest learning rate of a cosine, first one of a plateau."""
    final_ratio: float = setting(0.02, low=0.0, high=1.0)
    """Final rate of a cosine, as a share of rate."""
    rates: tuple[float, ...] = ()
    """Learning rates of a piecewise schedule."""
    until_epochs: tuple[int, ...] = ()
    """The last epoch of each of them, counted from 1; the last rate is kept afterwards."""
    watch: Score = "mae_mm"
    """The metric of validation that is to improve; smaller is better."""
    patience: int = setting(3, low=1)
    """Validations without improvement that are waited for, before the rate is lowered after the
    next one."""
    least_improvement: float = setting(0.0, low=0.0)
    """By how much the metric must fall to count as better, in its own unit."""
    factor: float = setting(0.1, low=0.0, high=1.0)
    """The rate is multiplied by this ..."""
    lowest_rate: float = setting(1e-6, low=0.0)
    """... but not lowered below this."""
    warmup_steps: int = setting(0, low=0)
    """Steps over which the rate rises linearly from 0."""
    warmup_epochs: int = setting(0, low=0)
    """The same in epochs, if that is longer; the full rate comes with the step after them."""
    restart_warmup_steps: int = setting(200, low=0)
    """The same for a run that starts from weights with a new optimiser, if that is longer."""

    def __post_init__(self) -> None:
        is_piecewise = self.kind == "piecewise"
        if len(self.rates) != len(self.until_epochs) or (is_piecewise and not self.rates):
            raise ConfigError(
                "a piecewise schedule has as many 'rates' as 'until_epochs', at least one; got "
                f"{list(self.rates)} and {list(self.until_epochs)}"
            )
        if (
            list(self.until_epochs) != sorted(set(self.until_epochs))
            or min(self.rates, default=0.0) < 0
        ):
            raise ConfigError(
                "'until_epochs' rise and 'rates' are not negative; got "
                f"{list(self.until_epochs)} and {list(self.rates)}"
            )


def learning_rate(
    config: ScheduleConfig,
    step: int,
    *,
    steps_per_epoch: int,
    total_steps: int,
    is_restart: bool,
    scores: Sequence[float] = (),
) -> float:
    """The learning rate of a step.

    Args:
        config: the schedule.
        step: counted from 0.
        steps_per_epoch: steps that an epoch has.
        total_steps: steps that the run has.
        is_restart: whether the run began from weights.
        scores: the metric that a plateau watches, of every validation so far.
    """
    warmup = max(config.warmup_steps, config.restart_warmup_steps if is_restart else 0)
    if config.warmup_epochs:
        warmup = max(warmup, config.warmup_epochs * steps_per_epoch + 1)
    rise = min(1.0, (step + 1) / warmup) if warmup else 1.0
    if config.kind == "piecewise":
        return rise * _piecewise(config, epoch=step // steps_per_epoch + 1)
    if config.kind == "plateau":
        return rise * _on_plateaus(config, scores)
    progress = min(max(step - warmup, 0) / max(total_steps - warmup, 1), 1.0)
    share = 0.5 * (1.0 + math.cos(math.pi * progress))
    return rise * config.rate * (config.final_ratio + (1.0 - config.final_ratio) * share)


def _piecewise(config: ScheduleConfig, epoch: int) -> float:
    pieces = zip(config.rates, config.until_epochs, strict=True)
    running = (rate for rate, last in pieces if epoch <= last)
    return next(running, config.rates[-1])


def _on_plateaus(config: ScheduleConfig, scores: Sequence[float]) -> float:
    """As CSPN's code counts: after a lowering, the validation that led to it is waited for, too."""
    rate, best, waited = config.rate, math.inf, 0
    for score in scores:
        if score < best - config.least_improvement:
            best, waited = score, 0
            continue
        if waited >= config.patience:
            rate, waited = max(rate * config.factor, min(rate, config.lowest_rate)), 0
        waited += 1
    return rate
