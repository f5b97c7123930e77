# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The same scene in another light, for samples and batches alike."""

from __future__ import annotations

import torch
from torch import Tensor


def recoloured(images: Tensor, brightness: Tensor, contrast: Tensor, saturation: Tensor) -> Tensor:
    """Images in another light: multiplied, spread about their mean, spread about grey.

    Args:
        images: (B, V, 3, H, W) float32 RGB in 0..1, V views each; contrast turns about the mean of
            the first one for all of them, so that what looked alike still does.
        brightness: (B,) factors.
        contrast: likewise.
        saturation: likewise.
    """
    brightness, contrast, saturation = (
        factor.to(images.dtype)[:, None, None, None, None]
        for factor in (brightness, contrast, saturation)
    )
    colours = images * brightness
    mean = _grey(colours[:, :1]).mean(dim=(2, 3, 4), keepdim=True)
    colours = mean + (colours - mean) * contrast
    grey = _grey(colours)
    return (grey + (colours - grey) * saturation).clamp(0.0, 1.0)


def as_bytes(images: Tensor) -> Tensor:
    """Colours in 0..1 as uint8, rounded."""
    return (images * 255.0 + 0.5).to(torch.uint8)


def _grey(images: Tensor) -> Tensor:
    """(B, V, 1, H, W) luma as of ITU-R BT.601."""
    weights = images.new_tensor((0.299, 0.587, 0.114))[:, None, None]
    return (images * weights).sum(dim=2, keepdim=True)
