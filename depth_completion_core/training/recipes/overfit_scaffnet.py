# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A small ScaffNet learns four frames by heart: shows that the trainer trains.

It is to get its loss (mean of the last 10 steps) below 0.12 within 160 steps; at first it is about
0.9, and at the end about 0.08.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from depth_completion_core.data.readers.world_frames_config import WorldFramesConfig
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.training.feeds.world_feed import WorldFeed
from depth_completion_core.training.recipes.recipe import RunConfig
from depth_completion_core.training.recipes.scaffnet import ScaffNetRecipe
from depth_completion_core.training.recipes.schedule import ScheduleConfig


def four_frames() -> WorldFeed:
    """Four small frames of a room."""
    return WorldFeed(
        keep_in_memory=True,
        world=WorldFramesConfig(
            kind="room", seed=3, frames=4, width_px=48, height_px=32, sensor="uniform:150"
        ),
    )


def small_run() -> RunConfig:
    """Everything is logged once."""
    return RunConfig(checkpoint_steps=50, log_steps=50, image_steps=160)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverfitScaffNet(ScaffNetRecipe):
    """See the module."""

    epochs: int = setting(160, low=1)
    batch_size: int = setting(4, low=1)
    target_loss: float = setting(0.12, low=0.0)
    network: ScaffNetConfig = field(
        default_factory=lambda: ScaffNetConfig(
            encoder_filters=(16, 16, 32, 32, 64), decoder_filters=(64, 32, 32, 16, 16)
        )
    )
    schedule: ScheduleConfig = field(default_factory=lambda: ScheduleConfig(rate=1e-2))
    data: WorldFeed = field(default_factory=four_frames)
    validation: WorldFeed = field(default_factory=four_frames)
    run: RunConfig = field(default_factory=small_run)
