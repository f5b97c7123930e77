# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the authors' trainings of NLSPN have in common, whatever the data set.

Park et al., ECCV 2020, and its release: Adam at 1e-3 until epoch 10, then a fifth of that until 15,
then a fifth again; it rises linearly in the first epoch. Their batch norm is that of all GPUs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from depth_completion_core.settings.fields import setting
from depth_completion_core.training.recipes.nlspn import NLSPNRecipe
from depth_completion_core.training.recipes.recipe import RunConfig
from depth_completion_core.training.recipes.schedule import ScheduleConfig

FOLDERS = "folders"
"""The preset without lists."""


def published_run() -> RunConfig:
    """Readers beside the training; a checkpoint every few minutes."""
    return RunConfig(workers=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class NLSPNPublished(NLSPNRecipe):
    """The settings of the paper."""

    epochs: int = setting(20, low=1)
    batch_size: int = setting(12, low=1)
    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(
            kind="piecewise",
            rates=(1e-3, 2e-4, 4e-5),
            until_epochs=(10, 15, 20),
            warmup_epochs=1,
        )
    )
    run: RunConfig = field(default_factory=published_run)
