# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CSPN: depth from image and measurements, refined by propagation to the pixels beside it.

Cheng, Wang and Yang, "Depth Estimation via Affinity Learned with Convolutional Spatial Propagation
Network", ECCV 2018 (arXiv 1808.00150). As the paper has it, measured depth is put back in every
step; the release puts back its own (see ``cspn_legacy``).
"""

from __future__ import annotations

import torch
from torch import Tensor

from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.configs.cspn import CSPNConfig
from depth_completion_core.models.layers.colors import imagenet_normalized
from depth_completion_core.models.layers.convolutional_propagation import (
    Refinement,
    affinities,
)
from depth_completion_core.models.layers.cspn_unet import CSPNUNet
from depth_completion_core.models.layers.relative_depth import relative_depth
from depth_completion_core.models.propagation.engine import Anchors, propagate

_LEAST_SUM = 1e-6  # so that a pixel without guidance keeps its depth


class CSPN(CompletionModel):
    """Image and sparse depth to dense depth; takes images of any size."""

    needs_weights = True
    has_stages = True

    Config = CSPNConfig
    config: CSPNConfig

    def __init__(self, config: CSPNConfig | None = None) -> None:
        super().__init__(config)
        self.unet = CSPNUNet(
            self.config.trunk, depth_channels=2 if self.config.interpolation else 1
        )

    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Depth everywhere, 0 at least; what it began with is the map ``initial_depth``."""
        refined = self.refine(inputs)
        depth = refined.states[-1].clamp(min=0.0)
        return ModelOutput(depth=depth, maps={"initial_depth": refined.initial})

    def stages(self, inputs: ModelInput) -> dict[str, Tensor]:
        """Depth step by step from where measurements are put in, guidance and affinities."""
        return self.refine(inputs).stages()

    def refine(self, inputs: ModelInput) -> Refinement:
        """All steps, and what they are made of."""
        initial, guidance = self._initial(imagenet_normalized(inputs.image), inputs.sparse_depth)
        with torch.autocast(initial.device.type, enabled=False):
            taps, weight, own = affinities(guidance, self.config.norm, least_sum=_LEAST_SUM)
            measured = Anchors(
                where=inputs.sparse_depth > 0, value=inputs.sparse_depth, when="after"
            )
            start = torch.where(measured.where, measured.value, initial)
            states = propagate(
                start,
                taps,
                steps=self.config.propagation_steps,
                added=own * start,
                anchors=measured,
            )
        return Refinement(states, initial, guidance, weight)

    def _initial(self, image: Tensor, sparse_depth: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 1, H, W) metres and (B, 8, H, W) guidance, in full precision."""
        if not self.config.interpolation:
            initial, guidance = self.unet(image, sparse_depth)
            return initial.float(), guidance.float()
        relative = relative_depth(sparse_depth)
        output, guidance = self.unet(image, relative.seen)
        return relative.corrected(output), guidance.float()
