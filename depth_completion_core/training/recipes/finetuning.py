# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the recipes have in common that make trained weights better on a set of one's own.

The network is that of the weights (--init_weights; by default those that come along). It learns
from true depth where the set has some, and from a share of the measurements that it is not shown.
The last frames are held out, and the run ends by telling what it changed there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.training.feeds.set_feed import SetFeed
from depth_completion_core.training.recipes.recipe import RunConfig, ValidationConfig
from depth_completion_core.training.recipes.schedule import ScheduleConfig
from depth_completion_core.training.recipes.starting_network import (
    network_of,
    weights_or_shipped,
)
from depth_completion_core.training.recipes.supervised import SupervisedRecipe

if TYPE_CHECKING:
    from depth_completion_core.models.base import CompletionModel
    from depth_completion_core.training.objectives.objective import Objective

_MANY_EPOCHS = 100_000  # max_steps ends a run, however small its set is


def crops(width_px: int, height_px: int) -> SetFeed:
    """Frames to train on, flipped, in crops; their measurements are withheld in part."""
    return SetFeed(
        augmentation=Augmentation(
            flip=0.5,
            crop_width_px=width_px,
            crop_height_px=height_px,
            brightness=0.2,
            contrast=0.2,
            saturation=0.2,
        )
    )


def held_out_frames() -> SetFeed:
    """The last frames, whole; measurements are withheld where there is no true depth."""
    return SetFeed(frames="last", withhold_beside_truth=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneRecipe(SupervisedRecipe):
    """Goes on from trained weights; what extends it says of which network."""

    licence: ClassVar[str] = "what the licence of the recordings allows"
    compares_with_start: ClassVar[bool] = True

    epochs: int = setting(_MANY_EPOCHS, low=1)
    max_steps: int = setting(300, low=0)
    batch_size: int = setting(4, low=1)
    clip_norm: float = setting(1.0, low=0.0)
    fixed_statistics: bool = True
    """Whether batch norm keeps the statistics of the weights; those of a few images are worse."""
    loss: WeightedLossConfig = field(
        default_factory=lambda: WeightedLossConfig(
            w_log_l1=1.0, w_relative_rmse=1.0, reduction="valid_pixels"
        )
    )
    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(rate=1e-4, restart_warmup_steps=30)
    )
    validate: ValidationConfig = field(default_factory=lambda: ValidationConfig(every_steps=100))
    data: SetFeed = field(default_factory=lambda: crops(256, 192))
    validation: SetFeed = field(default_factory=held_out_frames)
    run: RunConfig = field(default_factory=lambda: RunConfig(checkpoint_steps=50))

    def starting_weights(self) -> Path:
        """Those that were given, or those that come along."""
        return weights_or_shipped(self.init_weights, self.model_name)

    def build_model(self) -> CompletionModel:
        """The network that the weights are of; raises TrainingError."""
        return network_of(self.starting_weights(), self.model_name)

    def objective(self, model: CompletionModel) -> Objective:
        """With the recipe's loss."""
        from depth_completion_core.training.objectives.supervised import (  # noqa: PLC0415 - needs torch
            SupervisedObjective,
        )

        return SupervisedObjective(model, self.loss, fixed_statistics=self.fixed_statistics)
