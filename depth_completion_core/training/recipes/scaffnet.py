# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every recipe for ScaffNet has in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, cast

from depth_completion_core.models.base import CompletionModel
from depth_completion_core.models.scaffnet import ScaffNet
from depth_completion_core.training.objectives.scaffnet import ScaffNetLossConfig, ScaffNetObjective
from depth_completion_core.training.recipes.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetRecipe(Recipe):
    """Trains ScaffNet."""

    model_name: ClassVar[str] = "scaffnet"

    network: ScaffNet.Config = field(default_factory=ScaffNet.Config)
    loss: ScaffNetLossConfig = field(default_factory=ScaffNetLossConfig)

    def build_model(self) -> CompletionModel:
        """ScaffNet with random weights."""
        return ScaffNet(self.network)

    def objective(self, model: CompletionModel) -> ScaffNetObjective:
        """With the recipe's loss."""
        return ScaffNetObjective(cast("ScaffNet", model), self.loss)
