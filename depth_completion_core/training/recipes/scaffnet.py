# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every recipe for ScaffNet has in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.training.recipes.supervised import SupervisedRecipe

if TYPE_CHECKING:
    from depth_completion_core.models.base import CompletionModel


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetRecipe(SupervisedRecipe):
    """Trains ScaffNet."""

    model_name: ClassVar[str] = "scaffnet"

    network: ScaffNetConfig = field(default_factory=ScaffNetConfig)
    loss: WeightedLossConfig = field(
        default_factory=lambda: WeightedLossConfig(w_normalized_l1=1.0)
    )

    def __post_init__(self) -> None:
        if self.network.uncertainty != (self.loss.w_uncertain_l1 > 0):
            raise ConfigError(
                "an uncertainty decoder and its loss go together: give --network.uncertainty true "
                "and --loss.w_uncertain_l1 1, with the other weights at 0, or neither"
            )

    def build_model(self) -> CompletionModel:
        """ScaffNet with random weights."""
        from depth_completion_core.models.scaffnet import ScaffNet  # noqa: PLC0415 - needs torch

        return ScaffNet(self.network)
