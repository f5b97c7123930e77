# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The smaller image, with its measurements, on which an image-guided model works."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import interpolate

from depth_completion_core.geometry.arrays import BoolArray, Float32Array

Float64Array = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]

_BLUR_PX = 0.7


class WorkingFrame(NamedTuple):
    """An image at the size that is worked at, with its n measurements, at most one per pixel.

    Attributes:
        image: (3, h, w) float32 RGB in 0..1.
        pixels: (n,) where the measurements lie, row times w plus column, ascending.
        depth: (n,) metres.
        u: (n,) their exact column in pixels of ``image``; whole numbers are centres.
        v: (n,) their exact row.
    """

    image: Float32Array
    pixels: Int64Array
    depth: Float64Array
    u: Float64Array
    v: Float64Array

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the image."""
        height, width = self.image.shape[1:]
        return height, width

    @property
    def spacing_px(self) -> float:
        """Mean distance between measurements, were they spread evenly."""
        return math.sqrt(math.prod(self.size) / len(self.pixels))


def working_frame(
    image: Float32Array, depth: Float32Array, valid: BoolArray, size: tuple[int, int]
) -> WorkingFrame:
    """Shrink a frame; of the measurements that fall into one pixel, the nearest counts.

    Args:
        image: (3, H, W) RGB in 0..1.
        depth: (H, W) metres.
        valid: (H, W) where it was measured; somewhere at least.
        size: height and width to work at, not larger than the image's.
    """
    height, width = size
    scale_v, scale_u = height / valid.shape[0], width / valid.shape[1]
    rows, columns = np.nonzero(valid)
    values = depth[rows, columns].astype(np.float64)
    v, u = (rows + 0.5) * scale_v, (columns + 0.5) * scale_u
    pixel_of = v.astype(np.int64) * width + u.astype(np.int64)
    order = np.lexsort((values, pixel_of))
    pixels, first = np.unique(pixel_of[order], return_index=True)
    kept = order[first]
    return WorkingFrame(_averaged(image, size), pixels, values[kept], u[kept] - 0.5, v[kept] - 0.5)


def _averaged(image: Float32Array, size: tuple[int, int]) -> Float32Array:
    if size == image.shape[1:]:
        return image
    whole = torch.from_numpy(np.ascontiguousarray(image))[None]
    small: Float32Array = interpolate(whole, size, mode="area")[0].numpy()
    return small


def working_size(
    size: tuple[int, int], measured: int, *, long_side_px: int, densest: float
) -> tuple[int, int]:
    """Height and width to work at: a long side, or more where measurements would share pixels.

    Args:
        size: height and width of the image, never exceeded.
        measured: number of measurements.
        long_side_px: of the answer, where they are sparse.
        densest: share of the pixels that may be measured.
    """
    height, width = size
    by_density = math.sqrt(measured / (densest * height * width))
    return scaled_size(size, max(long_side_px / max(size), by_density))


def scaled_size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Height and width times a scale, at most as they are and at least 1."""
    height, width = (max(round(length * min(scale, 1.0)), 1) for length in size)
    return height, width


def colour_steps(image: Float32Array) -> tuple[Float64Array, Float64Array]:
    """How much the colour differs between neighbours, lightly blurred against noise.

    Args:
        image: (3, h, w) RGB in 0..1.

    Returns:
        (h, w - 1) to the right and (h - 1, w) downwards: length of the difference of RGB.
    """
    smooth = np.stack([cv2.GaussianBlur(channel, (5, 5), _BLUR_PX) for channel in image])
    right, down = np.diff(smooth, axis=2), np.diff(smooth, axis=1)
    return _length(right), _length(down)


def _length(difference: Float32Array) -> Float64Array:
    square = difference.astype(np.float64) ** 2
    length: Float64Array = np.sqrt(square[0] + square[1] + square[2])
    return length
