# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a small map to the size of the image, along its edges.

Joint bilateral upsampling (Kopf, Cohen, Lischinski and Uyttendaele, SIGGRAPH 2007) from the four
small pixels around: what has the colour of the large pixel counts, and what lies beyond an edge of
the image does not. Where no colour fits, or all do, it is the usual bilinear interpolation.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

_COLOUR_SPREAD = 0.04  # of 1; differences of the strongest channel
_FLOOR = 1e-3  # what a pixel of another colour still counts: only where no colour fits


def raised_along_edges(
    maps: Tensor, small_image: Tensor, image: Tensor, valid: Tensor | None = None
) -> Tensor:
    """Maps at the size of an image.

    Args:
        maps: (C, h, w) or (h, w) float32.
        small_image: (3, h, w) float32 RGB in 0..1, the image at the size of the maps.
        image: (3, H, W) float32 RGB in 0..1.
        valid: (h, w) bool, the pixels that count; None for all.

    Returns:
        (C, H, W) or (H, W) float32, between the values of the four small pixels around; 0 where
        none of those is valid.
    """
    stacked = maps if maps.ndim == 3 else maps[None]
    if valid is not None:
        stacked = torch.cat([torch.where(valid, stacked, 0.0), valid[None]])
    size = image.shape[-2:]
    together = torch.cat([small_image, stacked])
    total, amount = stacked.new_zeros(len(stacked), *size), stacked.new_zeros(size)
    for column in _neighbours(together.shape[2], size[1], image.device):
        columns = together.index_select(2, column.number)
        for row in _neighbours(together.shape[1], size[0], image.device):
            near = columns.index_select(1, row.number)
            weight = near[:3].sub_(image).abs_().amax(0).square_()
            weight = weight.mul_(-0.5 / _COLOUR_SPREAD**2).exp_().add_(_FLOOR)
            weight *= row.weight[:, None] * column.weight
            total.addcmul_(weight.expand_as(total), near[3:])
            amount += weight
    if valid is not None:
        amount, total = total[-1], total[:-1]
    answer = total / amount.clamp(min=1e-12)
    return answer if maps.ndim == 3 else answer[0]


class _Neighbours(NamedTuple):
    """Of every large row or column, one of the two small ones beside it, and how near it is."""

    number: Tensor
    weight: Tensor


def _neighbours(small: int, large: int, device: torch.device) -> list[_Neighbours]:
    """The one before and the one after; their weights add up to 1."""
    position = (torch.arange(large, device=device) + 0.5) * (small / large) - 0.5
    before = position.floor()
    after_weight = position - before
    weights = (1.0 - after_weight, after_weight)
    return [
        _Neighbours((before + step).clamp(0, small - 1).to(torch.int64), weight)
        for step, weight in enumerate(weights)
    ]
