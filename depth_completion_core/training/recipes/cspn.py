# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every recipe for CSPN has in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from depth_completion_core.models.configs.cspn import CSPNConfig
from depth_completion_core.training.recipes.supervised import SupervisedRecipe

if TYPE_CHECKING:
    from depth_completion_core.models.base import CompletionModel


@dataclass(frozen=True, slots=True, kw_only=True)
class CSPNRecipe(SupervisedRecipe):
    """Trains CSPN."""

    model_name: ClassVar[str] = "cspn"

    network: CSPNConfig = field(default_factory=CSPNConfig)

    def build_model(self) -> CompletionModel:
        """CSPN with random weights."""
        from depth_completion_core.models.cspn import CSPN  # noqa: PLC0415 - needs torch

        return CSPN(self.network)
