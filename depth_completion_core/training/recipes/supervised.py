# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every recipe for a network on true depth has in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.training.recipes.recipe import Recipe

if TYPE_CHECKING:
    from depth_completion_core.models.base import CompletionModel
    from depth_completion_core.training.objectives.objective import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisedRecipe(Recipe):
    """Trains a network on true depth; what extends it says which network."""

    loss: WeightedLossConfig = field(default_factory=lambda: WeightedLossConfig(w_l1=1.0))

    def objective(self, model: CompletionModel) -> Objective:
        """With the recipe's loss."""
        from depth_completion_core.training.objectives.supervised import (  # noqa: PLC0415 - needs torch
            SupervisedObjective,
        )

        return SupervisedObjective(model, self.loss)
