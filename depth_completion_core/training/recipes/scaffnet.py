# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every recipe for ScaffNet has in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.training.objectives.loss_settings import ScaffNetLossConfig
from depth_completion_core.training.recipes.recipe import Recipe

if TYPE_CHECKING:
    from depth_completion_core.models.base import CompletionModel
    from depth_completion_core.training.objectives.objective import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetRecipe(Recipe):
    """Trains ScaffNet."""

    model_name: ClassVar[str] = "scaffnet"

    network: ScaffNetConfig = field(default_factory=ScaffNetConfig)
    loss: ScaffNetLossConfig = field(default_factory=ScaffNetLossConfig)

    def build_model(self) -> CompletionModel:
        """ScaffNet with random weights."""
        from depth_completion_core.models.scaffnet import ScaffNet  # noqa: PLC0415 - needs torch

        return ScaffNet(self.network)

    def objective(self, model: CompletionModel) -> Objective:
        """With the recipe's loss."""
        from depth_completion_core.training.objectives.scaffnet import (  # noqa: PLC0415 - likewise
            ScaffNetObjective,
        )

        return ScaffNetObjective(model, self.loss)
