# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which measured pixels a set keeps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import UInt16Array


def shuffled_pixels(numbers: UInt16Array, seed: int, stamp_ns: int) -> npt.NDArray[np.int64]:
    """The measured pixels as indices of the flat image, in an order that depends on nothing else.

    Args:
        numbers: (H, W) uint16, 0 where nothing was measured.
        seed: of the set.
        stamp_ns: of the frame.
    """
    measured = np.flatnonzero(numbers > 0)  # of bool it takes a fourth of the time
    return np.random.default_rng([seed, stamp_ns]).permutation(measured)


def listed_pixels(numbers: UInt16Array, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Those of some cells that hold a number, as indices of the flat image, each once, in order.

    Args:
        numbers: (H, W) uint16, 0 where there is no depth.
        cells: (N, 2) int64 row and column, the most wanted first.
    """
    height, width = numbers.shape
    row, column = cells.T
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    flat = row[inside] * width + column[inside]
    flat = flat[numbers.reshape(-1)[flat] > 0]
    _, first = np.unique(flat, return_index=True)
    chosen: npt.NDArray[np.int64] = flat[np.sort(first)]
    return chosen


def kept(numbers: UInt16Array, wanted: npt.NDArray[np.int64], count: int) -> UInt16Array:
    """The first so many of the wanted pixels, 0 elsewhere."""
    chosen = np.zeros_like(numbers)
    pixels = wanted[:count]
    chosen.reshape(-1)[pixels] = numbers.reshape(-1)[pixels]
    return chosen
