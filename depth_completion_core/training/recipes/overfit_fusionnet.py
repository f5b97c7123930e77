# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A small FusionNet around a random ScaffNet learns four frames by heart.

It is to get its loss (mean of the last 10 steps) below 0.5 within 100 steps; at first it is about
3.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from depth_completion_core.models.configs.fusionnet import FusionNetConfig
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.training.feeds.world_feed import WorldFeed
from depth_completion_core.training.recipes.fusionnet import RANDOM, FusionNetRecipe
from depth_completion_core.training.recipes.overfit_scaffnet import four_frames, small_run
from depth_completion_core.training.recipes.recipe import RunConfig
from depth_completion_core.training.recipes.schedule import ScheduleConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class OverfitFusionNet(FusionNetRecipe):
    """See the module."""

    epochs: int = setting(100, low=1)
    batch_size: int = setting(4, low=1)
    target_loss: float = setting(0.5, low=0.0)
    scaffnet_weights: str = RANDOM
    network: FusionNetConfig = field(
        default_factory=lambda: FusionNetConfig(
            scaffnet=ScaffNetConfig(
                encoder_filters=(8, 8, 16, 16, 16), decoder_filters=(16, 16, 16, 8, 8)
            ),
            image_filters=(16, 16, 32, 32, 64),
            depth_filters=(16, 16, 32, 32, 64),
            decoder_filters=(64, 32, 32, 16, 16),
        )
    )
    schedule: ScheduleConfig = field(default_factory=lambda: ScheduleConfig(rate=5e-3))
    data: WorldFeed = field(default_factory=four_frames)
    validation: WorldFeed = field(default_factory=four_frames)
    run: RunConfig = field(default_factory=small_run)
