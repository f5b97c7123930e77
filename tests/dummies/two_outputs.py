# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A network that says more than depth."""

from __future__ import annotations

import torch
from torch import nn

from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput, NoSettings


class TwoOutputs(CompletionModel):
    """Mean measured depth, a confidence, and a map of two channels."""

    def __init__(self, config: NoSettings | None = None) -> None:
        super().__init__(config)
        self.factor = nn.Parameter(torch.tensor(1.0))

    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Confident on the left, not on the right."""
        sparse = inputs.sparse_depth
        mean = sparse.sum((1, 2, 3)) / inputs.validity_map.sum((1, 2, 3)).clamp(min=1)
        depth = (self.factor * mean)[:, None, None, None].expand_as(sparse)
        across = torch.linspace(1.0, 0.0, sparse.shape[-1], device=sparse.device)
        return ModelOutput(
            depth=depth,
            confidence=across.expand_as(sparse),
            maps={
                "brightest_and_darkest": torch.cat(
                    [inputs.image.amax(1, keepdim=True), inputs.image.amin(1, keepdim=True)], dim=1
                )
            },
        )
