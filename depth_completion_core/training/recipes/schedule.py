# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The learning rate of every step: a function of the step alone, so that a run can resume."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from depth_completion_core.settings.fields import ConfigError, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleConfig:
    """How the learning rate changes."""

    kind: Literal["cosine", "piecewise"] = "cosine"
    """cosine: from rate down along half a cosine. piecewise: rates, each until its epoch."""
    rate: float = setting(3e-4, low=0.0)
    """Highest learning rate of a cosine."""
    final_ratio: float = setting(0.02, low=0.0, high=1.0)
    """Final rate of a cosine, as a share of rate."""
    rates: tuple[float, ...] = ()
    """Learning rates of a piecewise schedule."""
    until_epochs: tuple[int, ...] = ()
    """The last epoch of each of them, counted from 1; the last rate is kept afterwards."""
    warmup_steps: int = setting(0, low=0)
    """Steps over which the rate rises linearly from 0."""
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
    config: ScheduleConfig, step: int, *, steps_per_epoch: int, total_steps: int, is_restart: bool
) -> float:
    """The learning rate of a step.

    Args:
        config: the schedule.
        step: counted from 0.
        steps_per_epoch: steps that an epoch has.
        total_steps: steps that the run has.
        is_restart: whether the run began from weights.
    """
    warmup = max(config.warmup_steps, config.restart_warmup_steps if is_restart else 0)
    rise = min(1.0, (step + 1) / warmup) if warmup else 1.0
    if config.kind == "piecewise":
        epoch = step // steps_per_epoch + 1
        running = (
            r for r, last in zip(config.rates, config.until_epochs, strict=True) if epoch <= last
        )
        return rise * next(running, config.rates[-1])
    progress = min(max(step - warmup, 0) / max(total_steps - warmup, 1), 1.0)
    share = 0.5 * (1.0 + math.cos(math.pi * progress))
    return rise * config.rate * (config.final_ratio + (1.0 - config.final_ratio) * share)
