# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A network that learns its camera and says how far things are along its rays."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput, NoSettings
from depth_completion_core.models.needs import ModelNeeds

FX, FY, CX, CY = 45.0, 44.0, 24.3, 17.8


class RayCamera(CompletionModel):
    """A wall 6 m ahead, seen through a pinhole that no CameraInfo tells of."""

    needs = ModelNeeds(sparse_depth=False, size_multiple=32)

    def __init__(self, config: NoSettings | None = None) -> None:
        super().__init__(config)
        self.distance = nn.Parameter(torch.tensor(6.0))

    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Range along the rays of the pinhole above."""
        height, width = inputs.image.shape[-2:]
        v, u = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        rays = torch.stack([(u - CX) / FX, (v - CY) / FY, torch.ones_like(u)]).float()
        rays = normalize(rays.expand(len(inputs.image), -1, -1, -1), dim=1)
        distance: Tensor = self.distance / rays[:, 2:]
        return ModelOutput(depth=distance, along="range", rays=rays)
