# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet on synthetic rooms and streets, supervised, around the ScaffNet trained there."""

from __future__ import annotations

from dataclasses import dataclass, field

from depth_completion_core.config import setting
from depth_completion_core.models.fusionnet import FusionNet
from depth_completion_core.training.fusionnet import FusionNetLossConfig, FusionNetRecipe
from depth_completion_core.training.recipe import ValidationConfig
from depth_completion_core.training.recipes.scaffnet_synthetic import (
    NETWORK,
    held_out_source,
    train_source,
)
from depth_completion_core.training.schedule import ScheduleConfig
from depth_completion_core.training.synthetic_source import SyntheticSource


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionNetSynthetic(FusionNetRecipe):
    """See the module."""

    epochs: int = setting(40, low=1)
    batch_size: int = setting(12, low=1)
    clip_norm: float = setting(1.0, low=0.0)
    average_decay: float = setting(0.999, low=0.0, high=1.0)
    network: FusionNet.Config = field(
        default_factory=lambda: FusionNet.Config(
            scaffnet=NETWORK, min_predict_depth=0.1, max_predict_depth=100.0
        )
    )
    loss: FusionNetLossConfig = field(
        default_factory=lambda: FusionNetLossConfig(reduction="valid_pixels")
    )
    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(rate=2e-4, warmup_steps=200)
    )
    validate: ValidationConfig = field(default_factory=lambda: ValidationConfig(every_steps=500))
    data: SyntheticSource = field(default_factory=train_source)
    validation: SyntheticSource = field(default_factory=held_out_source)
