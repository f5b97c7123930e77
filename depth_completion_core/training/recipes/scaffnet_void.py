# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet on a set in VOID's layout, such as one made of bags, from the weights that came along.

The network is that of ``scaffnet_synthetic``, for any range of depth. Crops are small enough for
most cameras; the preset ``cpu`` takes smaller and fewer ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from depth_completion_core.data.readers.void import Void
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.feeds.reader_feed import ReaderFeed
from depth_completion_core.training.recipes.recipe import RunConfig, ValidationConfig
from depth_completion_core.training.recipes.scaffnet import ScaffNetRecipe
from depth_completion_core.training.recipes.scaffnet_synthetic import NETWORK
from depth_completion_core.training.recipes.schedule import ScheduleConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidFeed(ReaderFeed):
    """A set in VOID's layout: void_release, or the folder of one density."""

    reader: Void.Config = field(default_factory=Void.Config)

    def dataset(self) -> tuple[str, dict[str, Any]]:
        """See the base class."""
        return "void", config_to_mapping(self.reader)


def _train_feed(width_px: int, height_px: int) -> VoidFeed:
    return VoidFeed(
        reader=Void.Config(split="train"),
        augmentation=Augmentation(flip=0.5, crop_width_px=width_px, crop_height_px=height_px),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetVoid(ScaffNetRecipe):
    """See the module."""

    licence: ClassVar[str] = "what the licence of the recordings allows"

    epochs: int = setting(20, low=1)
    batch_size: int = setting(12, low=1)
    clip_norm: float = setting(1.0, low=0.0)
    network: ScaffNetConfig = NETWORK
    loss: WeightedLossConfig = field(
        default_factory=lambda: WeightedLossConfig(w_log_l1=1.0, reduction="valid_pixels")
    )
    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(rate=1e-4, warmup_steps=100)
    )
    validate: ValidationConfig = field(default_factory=lambda: ValidationConfig(every_steps=1000))
    data: VoidFeed = field(default_factory=lambda: _train_feed(320, 240))
    validation: VoidFeed = field(
        default_factory=lambda: VoidFeed(limit=200, reader=Void.Config(split="test"))
    )


PRESETS = {
    "cpu": ScaffNetVoid(
        preset="cpu",
        epochs=4,
        batch_size=4,
        validate=ValidationConfig(every_steps=200),
        data=_train_feed(160, 120),
        validation=VoidFeed(limit=24, reader=Void.Config(split="test")),
        run=RunConfig(checkpoint_steps=100),
    )
}
