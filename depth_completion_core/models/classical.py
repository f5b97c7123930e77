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


class CpuModel(CompletionModel):
    """A model that answers one frame after the other on the CPU, wherever the tensors are."""

    @abstractmethod
    def fill_frame(self, image: Float32Array, depth: Float32Array, valid: BoolArray) -> Filled:
        """Fill a map that has at least one valid pixel.

        Args:
            image: (3, H, W) RGB in 0..1.
            depth: (H, W) sparse depth in metres.
            valid: (H, W) where it was measured.
        """
        raise NotImplementedError

    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Fill every map of the batch; a map without a measurement has no answer."""
        device = inputs.sparse_depth.device
        images = inputs.image.cpu().numpy()
        depths = inputs.sparse_depth[:, 0].cpu().numpy()
        valids = inputs.validity_map[:, 0].cpu().numpy()
        filled = [
            self.fill_frame(image, depth, valid) if valid.any() else Filled(depth, valid)
            for image, depth, valid in zip(images, depths, valids, strict=True)
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


class ClassicalModel(CpuModel):
    """A model that does not look at the image."""

    @abstractmethod
    def fill(self, depth: Float32Array, valid: BoolArray) -> Filled:
        """Fill (H, W) sparse depth in metres that has at least one valid pixel."""
        raise NotImplementedError

    def fill_frame(self, image: Float32Array, depth: Float32Array, valid: BoolArray) -> Filled:
        """Fill a map; the image changes nothing."""
        del image
        return self.fill(depth, valid)


def _stacked(maps: list[Float32Array] | list[BoolArray], device: torch.device) -> Tensor:
    return torch.from_numpy(np.stack(maps))[:, None].to(device)
