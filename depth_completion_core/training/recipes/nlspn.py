# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every recipe for NLSPN has in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from depth_completion_core.models.configs.nlspn import NLSPNConfig
from depth_completion_core.training.recipes.supervised import SupervisedRecipe

if TYPE_CHECKING:
    from depth_completion_core.models.base import CompletionModel


@dataclass(frozen=True, slots=True, kw_only=True)
class NLSPNRecipe(SupervisedRecipe):
    """Trains NLSPN."""

    model_name: ClassVar[str] = "nlspn"

    network: NLSPNConfig = field(default_factory=NLSPNConfig)

    def build_model(self) -> CompletionModel:
        """NLSPN with random weights."""
        from depth_completion_core.models.nlspn import NLSPN  # noqa: PLC0415 - needs torch

        return NLSPN(self.network)
