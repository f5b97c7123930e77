# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batches of frames with dense depth, and random numbers for them on their device."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class DenseBatch(NamedTuple):
    """B frames.

    Attributes:
        image: (B, 3, H, W) float32, 0 to 1.
        depth: (B, H, W) float32 metres; 0 where not valid.
        focal: (B, 4) fx, fy, cx, cy in pixels.
    """

    image: Tensor
    depth: Tensor
    focal: Tensor

    def slopes(self) -> tuple[Tensor, Tensor]:
        """(B, 1, W) and (B, H, 1) slopes of the pixels' rays, x right and y down."""
        _, height, width = self.depth.shape
        fx, fy, cx, cy = (column[:, None, None] for column in self.focal.unbind(1))
        x = (torch.arange(width, device=fx.device)[None, None] - cx) / fx
        y = (torch.arange(height, device=fx.device)[None, :, None] - cy) / fy
        return x, y


def uniform_like(like: Tensor, generator: torch.Generator) -> Tensor:
    """Uniform numbers from 0 to 1, of a shape."""
    return torch.rand(like.shape, generator=generator, device=like.device)


def normal_like(like: Tensor, generator: torch.Generator) -> Tensor:
    """Normal numbers of a shape."""
    return torch.randn(like.shape, generator=generator, device=like.device)


def per_frame(depth: Tensor, generator: torch.Generator, low: float, high: float) -> Tensor:
    """(B, 1, 1) uniform numbers, one for each frame of depth (B, H, W)."""
    return low + (high - low) * uniform_like(depth[:, :1, :1], generator)
