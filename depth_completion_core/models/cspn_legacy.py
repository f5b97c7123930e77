# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CSPN as its authors released it, with what their weights were trained on.

It differs from ``cspn``: colours are folded into 8 bits after they were normalised; where something
was measured, the network's own depth is put back instead of the measurement; a pixel without
guidance becomes NaN, and so do those around it, step by step. Images have one size.
"""

from __future__ import annotations

import torch
from torch import Tensor

from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.configs.cspn import CSPNLegacyConfig
from depth_completion_core.models.layers.colors import imagenet_normalized
from depth_completion_core.models.layers.convolutional_propagation import (
    Refinement,
    affinities,
)
from depth_completion_core.models.layers.cspn_unet import CSPNUNet
from depth_completion_core.models.needs import ModelNeeds
from depth_completion_core.models.propagation.engine import Anchors, propagate


class CSPNLegacy(CompletionModel):
    """Image and sparse depth to dense depth, with the released weights."""

    needs_weights = True
    has_stages = True

    Config = CSPNLegacyConfig
    config: CSPNLegacyConfig

    def __init__(self, config: CSPNLegacyConfig | None = None) -> None:
        super().__init__(config)
        self.needs = ModelNeeds(fixed_size_px=self.config.size_px)
        self.unet = CSPNUNet(self.config.trunk, first_step_px=self.config.first_step_px)

    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Depth of any sign, invalid where it is NaN, and the map ``initial_depth``."""
        refined = self.refine(folded(inputs.image), inputs.sparse_depth)
        depth = refined.states[-1]
        return ModelOutput(
            depth=depth, valid=torch.isfinite(depth), maps={"initial_depth": refined.initial}
        )

    def stages(self, inputs: ModelInput) -> dict[str, Tensor]:
        """Depth step by step, guidance and affinities."""
        return self.refine(folded(inputs.image), inputs.sparse_depth).stages()

    def refine(self, image: Tensor, sparse_depth: Tensor) -> Refinement:
        """All steps, and what they are made of.

        Args:
            image: (B, 3, H, W), colours as the network sees them.
            sparse_depth: (B, 1, H, W) metres, 0 where nothing was measured.
        """
        initial, guidance = self.unet(image, sparse_depth)
        initial, guidance = initial.float(), guidance.float()
        with torch.autocast(initial.device.type, enabled=False):
            taps, weight, own = affinities(guidance, self.config.norm, least_sum=0.0)
            states = propagate(
                initial,
                taps,
                steps=self.config.propagation_steps,
                added=own * initial,
                anchors=Anchors(where=sparse_depth > 0, value=initial, when="after"),
            )
        return Refinement(states, initial, guidance, weight)


def folded(image: Tensor) -> Tensor:
    """What is left of normalised colours in 8 bits: the whole part of 255 times them, modulo 256.

    The release's loader goes through an 8-bit picture by mistake, and its weights were trained so.

    Args:
        image: (B, 3, H, W) RGB in 0..1.

    Returns:
        (B, 3, H, W) in 0..1.
    """
    whole = (imagenet_normalized(image) * 255.0).to(torch.int32)  # towards 0
    return torch.remainder(whole, 256) / 255.0
