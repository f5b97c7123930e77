# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From where each pixel takes depth, and how much of it: what one step of propagation does.

Indices point into the image with a border of one pixel of zeros around it. What lies outside counts
as 0 then without being asked for, and what lies less than a pixel outside fades, as deformable
convolution has it (Zhu et al., "Deformable ConvNets v2", CVPR 2019).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad


class BetweenPixels(NamedTuple):
    """What taps between pixels were made of.

    Attributes:
        offset_px: (B, K, 2, H, W) down and right of each pixel.
        weight: (B, K, H, W).
    """

    offset_px: Tensor
    weight: Tensor


class Taps(NamedTuple):
    """One linear step: the value of a pixel becomes the sum of ``weight`` times what is there.

    Attributes:
        sources: (B, H * W, S) int32, into the bordered image, flat.
        weight: (B, H * W, S), of the type of what is propagated.
        size_px: height and width of the image.
        between: what they were made of; None for taps on pixels.
    """

    sources: Tensor
    weight: Tensor
    size_px: tuple[int, int]
    between: BetweenPixels | None = None


def bilinear_taps(offset_px: Tensor, weight: Tensor) -> Taps:
    """Taps between pixels: each of K becomes the four pixels around it.

    Args:
        offset_px: (B, K, 2, H, W) down and right of each pixel. What is not finite counts as far
            outside.
        weight: (B, K, H, W).

    Returns:
        Taps with S = 4 K. Gradients flow to ``offset_px`` and ``weight``; those of positions
        outside the border are 0.
    """
    height, width = offset_px.shape[-2:]
    row, row_part = _split(offset_px[:, :, 0], _ramp(offset_px, height, -2), height)
    column, column_part = _split(offset_px[:, :, 1], _ramp(offset_px, width, -1), width)
    stride = width + 2
    first = (row * stride + column).to(torch.int32)
    # Not as one list: an exported graph takes images of other widths.
    places = torch.tensor(((0, 0), (0, 1), (1, 0), (1, 1)), dtype=torch.int32, device=first.device)
    corners = places[:, 0] * stride + places[:, 1]
    amount = _pixels_first(weight)
    below = amount * row_part
    above = amount - below
    above_right, below_right = above * column_part, below * column_part
    parts = (above - above_right, above_right, below - below_right, below_right)
    return Taps(
        sources=(first.unsqueeze(-1) + corners).flatten(2),
        weight=torch.stack(parts, dim=-1).flatten(2),
        size_px=(height, width),
        between=BetweenPixels(offset_px, weight),
    )


def pixel_taps(shifts_px: tuple[tuple[int, int], ...], weight: Tensor) -> Taps:
    """Taps on pixels: the same neighbours for every pixel.

    Args:
        shifts_px: K times down and right, at most one pixel.
        weight: (B, K, H, W).

    Returns:
        Taps with S = K.
    """
    batch, _, height, width = weight.shape
    stride = width + 2
    rows = torch.arange(1, height + 1, dtype=torch.int32, device=weight.device)
    columns = torch.arange(1, width + 1, dtype=torch.int32, device=weight.device)
    here = (rows[:, None] * stride + columns).flatten()
    shifts = torch.tensor(shifts_px, dtype=torch.int32, device=weight.device)
    index = (here[:, None] + (shifts[:, 0] * stride + shifts[:, 1])).expand(batch, -1, -1)
    return Taps(index, _pixels_first(weight), (height, width))


def sampled(values: Tensor, offset_px: Tensor) -> Tensor:
    """Values between pixels, 0 outside of the image.

    Args:
        values: (B, 1, H, W).
        offset_px: (B, K, 2, H, W) down and right of each pixel.

    Returns:
        (B, K, H, W): at each pixel what is there.
    """
    batch, count, _, height, width = offset_px.shape
    ones = values.new_ones(1, 1, 1, 1).expand(batch, count, height, width)
    taps = bilinear_taps(offset_px, ones)
    found = gathered(bordered(values), taps.sources) * taps.weight
    of_pixels = found.view(batch, height * width, count, 4).sum(-1)
    return of_pixels.transpose(1, 2).reshape(batch, count, height, width)


def bordered(values: Tensor) -> Tensor:
    """(B, 1, H, W) to (B, (H + 2) * (W + 2)), with zeros around."""
    return pad(values, (1, 1, 1, 1)).flatten(1)


def gathered(border: Tensor, index: Tensor) -> Tensor:
    """(B, P) at (B, N, S), to (B, N, S)."""
    flat = index.flatten(1).to(torch.int64)
    return border.gather(1, flat).view(index.shape)


def _split(offset: Tensor, ramp: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Whole bordered coordinate, from 0 to length, and what is left of it, from 0 to 1.

    ``offset`` (B, K, H, W) to two (B, H * W, K).
    """
    # Beyond the border there is nothing but zeros, as there is on it. A NaN would become an index
    # anywhere in memory.
    position = _pixels_first(torch.nan_to_num(offset + ramp, nan=0.0).clamp(0, length + 1))
    whole = position.detach().floor().clamp(max=length)
    return whole, position - whole


def _ramp(like: Tensor, length: int, axis: int) -> Tensor:
    """Bordered coordinates of the pixels, along one axis of an image."""
    ramp = torch.arange(1, length + 1, dtype=like.dtype, device=like.device)
    return ramp[:, None] if axis == -2 else ramp


def _pixels_first(values: Tensor) -> Tensor:
    """(B, K, H, W) to (B, H * W, K)."""
    return values.flatten(2).transpose(1, 2)
