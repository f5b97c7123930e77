# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the models without learned weights share: one image at a time, in numpy."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from depth_completion_core.geometry.arrays import BoolArray, Float32Array
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput


class Filled(NamedTuple):
    """Depth (H, W) float32 metres, where it is an answer, and optionally how far to trust it."""

    depth: Float32Array
    valid: BoolArray
    confidence: Float32Array | None = None


class ClassicalModel(CompletionModel):
    """A model that fills one sparse depth map after the other on the CPU."""

    @abstractmethod
    def fill(self, depth: Float32Array, valid: BoolArray) -> Filled:
        """Fill (H, W) sparse depth in metres that has at least one valid pixel."""
        raise NotImplementedError

    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Fill every map of the batch; a map without a measurement has no answer."""
        device = inputs.sparse_depth.device
        depths = inputs.sparse_depth[:, 0].cpu().numpy()
        valids = inputs.validity_map[:, 0].cpu().numpy()
        filled = [
            self.fill(depth, valid) if valid.any() else Filled(depth, valid)
            for depth, valid in zip(depths, valids, strict=True)
        ]
        confidences = [
            np.zeros_like(item.depth) if item.confidence is None else item.confidence
            for item in filled
        ]
        has_confidence = any(item.confidence is not None for item in filled)
        return ModelOutput(
            depth=_stacked([item.depth for item in filled], device),
            valid=_stacked([item.valid for item in filled], device),
            confidence=_stacked(confidences, device) if has_confidence else None,
        )


def _stacked(maps: list[Float32Array] | list[BoolArray], device: torch.device) -> Tensor:
    return torch.from_numpy(np.stack(maps))[:, None].to(device)
