# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What JPEG does to an image, in torch: blocks of 8x8 cosines, coarsely rounded.

Tables of ITU-T T.81, annex K; chroma at half size; qualities scale the tables as libjpeg does.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

_LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
_CHROMA = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    *(99,) * 32,
)  # fmt: skip


def through_jpeg(image: Tensor, quality: float) -> Tensor:
    """An image as it comes back from a JPEG file.

    Args:
        image: (3, H, W) sRGB, 0 to 1.
        quality: 1 to 100.

    Returns:
        (3, H, W), 0 to 1.
    """
    _, height, width = image.shape
    padded = torch.nn.functional.pad(
        image[None], (0, -width % 16, 0, -height % 16), mode="replicate"
    )
    red, green, blue = (padded[0] * 255.0).unbind(0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    blue_less, red_less = 0.564 * (blue - luma), 0.713 * (red - luma)
    factor = 50.0 / quality if quality < 50 else 2.0 - quality / 50.0
    luma = _rounded(luma - 128.0, _LUMA, factor) + 128.0
    halves = torch.nn.functional.avg_pool2d(torch.stack([blue_less, red_less])[None], 2)[0]
    halves = torch.stack([_rounded(plane, _CHROMA, factor) for plane in halves.unbind(0)])
    blue_less, red_less = halves.repeat_interleave(2, 1).repeat_interleave(2, 2).unbind(0)
    colour = torch.stack(
        [
            luma + 1.402 * red_less,
            luma - 0.344 * blue_less - 0.714 * red_less,
            luma + 1.772 * blue_less,
        ]
    )
    return (colour[:, :height, :width] / 255.0).clamp(0.0, 1.0)


def _rounded(plane: Tensor, table: tuple[int, ...], factor: float) -> Tensor:
    height, width = plane.shape
    basis = _cosines(plane.device)
    steps = (torch.tensor(table, device=plane.device, dtype=torch.float32) * factor).round()
    steps = steps.clamp(1.0, 255.0).reshape(8, 8)
    blocks = plane.reshape(height // 8, 8, width // 8, 8).permute(0, 2, 1, 3)
    spectrum = torch.round(basis @ blocks @ basis.T / steps) * steps
    return (basis.T @ spectrum @ basis).permute(0, 2, 1, 3).reshape(height, width)


@lru_cache(maxsize=4)
def _cosines(device: torch.device) -> Tensor:
    """(8, 8) orthonormal cosine transform."""
    order = np.arange(8)
    basis = np.cos((2 * order[None] + 1) * order[:, None] * math.pi / 16) / 2
    basis[0] /= math.sqrt(2)
    return torch.as_tensor(basis, dtype=torch.float32, device=device)
