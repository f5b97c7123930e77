# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measurements on pixels: some of them, and at other places."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, Float32Array

Int64Array = npt.NDArray[np.int64]


def masked(depth: SparseDepth, mask: BoolArray) -> SparseDepth:
    """The depth where it is valid and ``mask`` (H, W) holds."""
    valid = depth.valid & mask
    return SparseDepth(np.where(valid, depth.depth, np.float32(0)), valid)


def moved(
    depth: Float32Array, row: Int64Array, column: Int64Array, shape: tuple[int, ...]
) -> SparseDepth:
    """Points on the pixels of an image; the nearest of each pixel wins, those outside are lost.

    Args:
        depth: (N,) float32 metres, all positive.
        row: (N,) int64, pixels.
        column: (N,) int64, pixels.
        shape: (height, width) of the image.
    """
    height, width = shape
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    nearest = np.full(height * width, np.inf, dtype=np.float32)
    np.minimum.at(nearest, row[inside] * width + column[inside], depth[inside])
    return SparseDepth.from_depth(nearest.reshape(height, width))
