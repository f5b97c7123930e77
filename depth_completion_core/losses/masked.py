# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Means over those pixels of an image that count, and how many those were."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Masked(NamedTuple):
    """A loss of each image, over the pixels that count.

    Attributes:
        values: (B,); 0, with gradient 0, for an image without such a pixel.
        pixels: (B,) int64, how many there were; how many images had none is
            ``(pixels == 0).sum()``.
    """

    values: Tensor
    pixels: Tensor


def masked_mean(errors: Tensor, weights: Tensor | None = None) -> Masked:
    """Mean over an image's pixels, sum(weight * error) / sum(weight).

    Args:
        errors: (B, 1, H, W). What it holds where the weight is 0, be it NaN, does not matter.
        weights: (B, 1, H, W), bool or not negative; None for 1 everywhere.
    """
    if weights is None:
        all_pixels = torch.full((len(errors),), errors[0].numel(), device=errors.device)
        return Masked(errors.mean(dim=(1, 2, 3)), all_pixels)
    errors = errors.masked_fill(weights == 0, 0.0)
    total = weights.to(errors.dtype).sum(dim=(1, 2, 3))
    mean = (errors * weights).sum(dim=(1, 2, 3)) / total.where(total > 0, 1.0)
    return Masked(mean, (weights > 0).sum(dim=(1, 2, 3)))
