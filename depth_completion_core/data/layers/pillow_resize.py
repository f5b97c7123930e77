# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pillow's bilinear resize, to the bit, for the data sets whose published numbers rest on it.

Unlike OpenCV's, it widens its filter when it makes an image smaller, so that every source pixel has
a part; zeros of a depth image bleed into their neighbours.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import Float32Array, UInt8Array

_Image = TypeVar("_Image", UInt8Array, Float32Array)
_PRECISION_BITS = 22  # of weights on 8-bit images


def resize_bilinear(image: _Image, *, height: int, width: int) -> _Image:
    """What Pillow's ``Image.resize((width, height), BILINEAR)`` gives.

    Columns first, then rows, rounded to the type of the image after each: the weights of 8-bit
    images are integers of 22 bits, float images are summed in double precision. So does every
    release of Pillow where the width shrinks as much as the height or more; recent ones may do the
    rows first elsewhere, which rounds differently.

    Args:
        image: (H, W) or (H, W, C), uint8 or float32; finite.
        height: of the result, pixels.
        width: of the result, pixels.

    Raises:
        ValueError: another type of numbers.
    """
    if image.dtype not in (np.uint8, np.float32):
        raise ValueError(f"expected an image of uint8 or float32, got {image.dtype}")
    columns_first = np.moveaxis(image, 1, 0)
    narrowed = np.moveaxis(_rows_resized(columns_first, width), 0, 1)
    return _rows_resized(narrowed, height)


def _rows_resized(image: _Image, count: int) -> _Image:
    first, weights = _taps(len(image), count)
    if image.dtype == np.uint8:
        weights = np.floor(weights * 2**_PRECISION_BITS + 0.5)
    resized = _weighted(image, first, weights)
    if image.dtype == np.uint8:
        # Doubles hold such integers, and the sums of their products, exactly.
        resized = np.floor(resized / 2**_PRECISION_BITS + 0.5).clip(0, 255)
    rounded: _Image = resized.astype(image.dtype)
    return rounded


def _weighted(
    image: npt.NDArray[np.generic], first: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Sums in the order of the taps, so that they round as Pillow's do."""
    source = image.astype(np.float64)
    shape = (-1,) + (1,) * (image.ndim - 1)
    total = np.zeros((len(first), *image.shape[1:]))
    for tap in range(weights.shape[1]):
        row = (first + tap).clip(max=len(image) - 1)
        total += source[row] * weights[:, tap].reshape(shape)
    return total


def _taps(size: int, count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """For each of ``count`` results its first source row, and (count, K) weights that sum to 1."""
    scale = size / count
    reach = max(scale, 1.0)
    center = (np.arange(count) + 0.5) * scale
    first = np.trunc(center - reach + 0.5).astype(np.int64).clip(min=0)
    end = np.trunc(center + reach + 0.5).astype(np.int64).clip(max=size)
    source = first[:, None] + np.arange(int((end - first).max()))
    distance = np.abs((source - center[:, None] + 0.5) * (1.0 / reach))
    weights = np.where(source < end[:, None], np.maximum(1.0 - distance, 0.0), 0.0)
    in_order = np.cumsum(weights, axis=1)[:, -1:]
    return first, weights / in_order
