# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A network that looks at one image and nothing else."""

from __future__ import annotations

import torch
from torch import nn

from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput, NoSettings
from depth_completion_core.models.needs import ModelNeeds


class Monocular(CompletionModel):
    """Farther where the image is brighter; two weights learn how far."""

    needs = ModelNeeds(sparse_depth=False)

    def __init__(self, config: NoSettings | None = None) -> None:
        super().__init__(config)
        self.near = nn.Parameter(torch.tensor(1.0))
        self.span = nn.Parameter(torch.tensor(10.0))

    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Depth of the target's colours."""
        brightness = inputs.image.mean(dim=1, keepdim=True)
        return ModelOutput(depth=self.near + self.span * brightness)
