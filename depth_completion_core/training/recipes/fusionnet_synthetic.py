# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet on synthetic rooms and streets, supervised, around the ScaffNet trained there.

The defaults are for one large GPU; the preset ``cpu`` is a miniature of the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.models.configs.fusionnet import FusionNetConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.training.feeds.bank_feed import BankFeed
from depth_completion_core.training.feeds.world_feed import WorldFeed
from depth_completion_core.training.recipes.fusionnet import FusionNetRecipe
from depth_completion_core.training.recipes.recipe import Precision, RunConfig, ValidationConfig
from depth_completion_core.training.recipes.scaffnet_synthetic import (
    NETWORK,
    gpu_run,
    small_bank,
    train_feed,
    validation_feed,
)
from depth_completion_core.training.recipes.schedule import ScheduleConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionNetSynthetic(FusionNetRecipe):
    """See the module."""

    epochs: int = setting(96, low=1)
    batch_size: int = setting(64, low=1)
    precision: Precision = "bf16-mixed"
    clip_norm: float = setting(1.0, low=0.0)
    average_decay: float = setting(0.999, low=0.0, high=1.0)
    network: FusionNetConfig = field(
        default_factory=lambda: FusionNetConfig(
            scaffnet=NETWORK,
            min_predict_depth=0.02,
            max_predict_depth=50.0,
            outlier_kernel_px=1,  # a threshold in metres fits no scale
            scale_match="none",  # ScaffNet met the measurements
            min_multiplier=0.1,
            max_multiplier=10.0,
            log_multiplier=True,  # an untrained network hardly changes ScaffNet
            max_residual=0.0,  # a sum below the nearest depth would get no gradient
            batch_norm=True,
            full_size_skip=True,
            scale_free=True,
        )
    )
    loss: WeightedLossConfig = field(
        default_factory=lambda: WeightedLossConfig(
            w_log_l1=1.0, w_relative_rmse=1.0, reduction="valid_pixels"
        )
    )
    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(rate=1e-3, warmup_steps=500)
    )
    validate: ValidationConfig = field(default_factory=lambda: ValidationConfig(every_steps=1024))
    data: BankFeed = field(default_factory=train_feed)
    validation: WorldFeed = field(default_factory=validation_feed)
    run: RunConfig = field(default_factory=gpu_run)


PRESETS = {
    "cpu": FusionNetSynthetic(
        preset="cpu",
        epochs=40,
        batch_size=8,
        precision="32",
        schedule=ScheduleConfig(rate=1e-3, warmup_steps=100),
        validate=ValidationConfig(every_steps=480),
        data=small_bank(),
        validation=validation_feed(frames=24, width_px=160, height_px=120),
        run=RunConfig(checkpoint_steps=100),
    )
}
