# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NLSPN on synthetic rooms and streets, as a correction of an interpolation: one network for both.

The defaults are for one large GPU; the preset ``cpu`` is a miniature of the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.models.configs.nlspn import NLSPNConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.training.feeds.bank_feed import BankFeed
from depth_completion_core.training.feeds.world_feed import WorldFeed
from depth_completion_core.training.recipes.nlspn import NLSPNRecipe
from depth_completion_core.training.recipes.recipe import Precision, RunConfig, ValidationConfig
from depth_completion_core.training.recipes.scaffnet_synthetic import (
    gpu_run,
    small_crops,
    train_feed,
    validation_feed,
)
from depth_completion_core.training.recipes.schedule import ScheduleConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class NLSPNSynthetic(NLSPNRecipe):
    """See the module."""

    epochs: int = setting(80, low=1)
    batch_size: int = setting(32, low=1)
    precision: Precision = "bf16-mixed"
    clip_norm: float = setting(1.0, low=0.0)
    average_decay: float = setting(0.999, low=0.0, high=1.0)
    network: NLSPNConfig = field(
        default_factory=lambda: NLSPNConfig(preserve_input=True, interpolation=True)
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
    "cpu": NLSPNSynthetic(
        preset="cpu",
        epochs=16,
        batch_size=4,
        precision="32",
        network=NLSPNConfig(trunk="resnet18", preserve_input=True, interpolation=True),
        schedule=ScheduleConfig(rate=5e-4, warmup_steps=100),
        validate=ValidationConfig(every_steps=480),
        data=small_crops(),
        validation=validation_feed(frames=24, width_px=160, height_px=120),
        run=RunConfig(checkpoint_steps=100),
    )
}
