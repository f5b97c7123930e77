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
    measured = np.flatnonzero(numbers)
    return np.random.default_rng([seed, stamp_ns]).permutation(measured)


def kept(numbers: UInt16Array, wanted: npt.NDArray[np.int64], count: int) -> UInt16Array:
    """The first so many of the wanted pixels, 0 elsewhere."""
    chosen = np.zeros_like(numbers)
    pixels = wanted[:count]
    chosen.reshape(-1)[pixels] = numbers.reshape(-1)[pixels]
    return chosen
