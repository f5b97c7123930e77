# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A smooth interpolation of the measurements that outliers hardly move."""

from __future__ import annotations

import torch

from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.layers.anchoring import interpolated


class Smooth(CompletionModel):
    """The scene's scale everywhere, pulled towards the measurements; also runs on a GPU.

    Unlike the other interpolations it does not keep what was measured: it averages noise, and what
    contradicts its neighbours counts little. The ScaffNet of the default weights corrects it.
    """

    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Depth everywhere; an image without a measurement has no answer."""
        sparse, measured = inputs.sparse_depth, inputs.validity_map
        nearest = torch.where(measured, sparse, torch.inf).amin((2, 3), keepdim=True)
        farthest = sparse.amax((2, 3), keepdim=True)
        depth = interpolated(sparse)
        # Corrections of coarse grids can overshoot by a percent.
        depth = torch.minimum(torch.maximum(depth, nearest), farthest)
        answered = torch.isfinite(nearest).expand(depth.shape)
        return ModelOutput(depth=torch.where(answered, depth, 0.0), valid=answered)
