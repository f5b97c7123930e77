# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""IP-Basic: depth completion with morphological filters.

Ku, Harakeh and Waslander, "In Defense of Classical Image Processing: Fast Depth Completion on the
CPU", CRV 2018 (arXiv 1802.00036). Depth is inverted first, so that dilation lets the near win.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from cv2.typing import MatLike

from depth_completion_core.geometry.arrays import BoolArray, Float32Array, UInt8Array
from depth_completion_core.geometry.occlusion import mean_spacing_px
from depth_completion_core.models.classical import ClassicalModel, Filled

_STANDARD_CEILING = 100.0  # metres


class MorphologicalKitti(ClassicalModel):
    """The published setting, for 64 lidar rows in a 1242x375 image; leaves large holes empty."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Kernel sizes in pixels."""

        diamond_px: int = 5
        closing_px: int = 5
        fill_px: int = 7
        large_fill_px: int = 31
        blur_px: int = 5

    config: Config

    def fill(self, depth: Float32Array, valid: BoolArray) -> Filled:
        """Fill what the kernels reach, and everything above the topmost measurement."""
        config = self.config
        ceiling = _ceiling(depth, valid)
        inverted: MatLike = np.where(valid, ceiling - depth, np.float32(0))
        inverted = cv2.dilate(inverted, _diamond(config.diamond_px))
        inverted = cv2.morphologyEx(inverted, cv2.MORPH_CLOSE, _square(config.closing_px))
        inverted = _fill_empty(inverted, config.fill_px)
        inverted = _extend_to_top(inverted)
        inverted = _fill_empty(inverted, config.large_fill_px)
        inverted = _smoothed(inverted, config.blur_px)
        filled = inverted > 0
        return Filled(np.where(filled, ceiling - inverted, np.float32(0)), filled)


class Morphological(ClassicalModel):
    """The same idea with sizes that follow the spacing of the measurements; fills everything.

    Kernels made for lidar rows spread the nearest of a few indoor points by metres. Here holes
    close in steps that start small and grow slowly, so that the near wins only where two fronts
    meet, and the steps are blurred away over a few spacings.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Sizes in units of the mean spacing of the measurements."""

        diamond_spacings: float = 1.0
        blur_spacings: float = 2.5
        growth: float = 1.3

    config: Config

    def fill(self, depth: Float32Array, valid: BoolArray) -> Filled:
        """Fill the whole image."""
        config, spacing_px = self.config, mean_spacing_px(torch.from_numpy(valid))
        ceiling = _ceiling(depth, valid)
        inverted: MatLike = np.where(valid, ceiling - depth, np.float32(0))
        inverted = cv2.dilate(inverted, _diamond(_odd(config.diamond_spacings * spacing_px)))
        size_px = 3.0
        while not (inverted > 0).all():
            inverted = _fill_empty(inverted, _odd(size_px))
            size_px *= config.growth
        inverted = _smoothed(inverted, _odd(config.blur_spacings * spacing_px))
        return Filled(ceiling - inverted, np.ones_like(valid))


def _ceiling(depth: Float32Array, valid: BoolArray) -> float:
    """The paper's 100 m, or more; a measured pixel must stay above 0 when it is inverted."""
    return max(_STANDARD_CEILING, 1.25 * float(depth[valid].max()))


def _odd(size_px: float) -> int:
    return max(2 * round((size_px - 1) / 2) + 1, 3)


def _square(size_px: int) -> UInt8Array:
    return np.ones((size_px, size_px), dtype=np.uint8)


def _diamond(size_px: int) -> UInt8Array:
    reach = np.abs(np.arange(size_px) - size_px // 2)
    return (reach[:, None] + reach[None, :] <= size_px // 2).astype(np.uint8)


def _fill_empty(inverted: MatLike, size_px: int) -> Float32Array:
    dilated = cv2.dilate(inverted, _square(size_px))
    return np.where(inverted > 0, inverted, dilated).astype(np.float32)


def _extend_to_top(inverted: MatLike) -> Float32Array:
    """Every column repeats its topmost value up to the border."""
    filled = inverted > 0
    top = filled.argmax(axis=0)
    columns = np.arange(inverted.shape[1])
    above = (np.arange(inverted.shape[0])[:, None] < top[None, :]) & filled.any(axis=0)
    return np.where(above, inverted[top, columns][None, :], inverted).astype(np.float32)


def _smoothed(inverted: MatLike, blur_px: int) -> Float32Array:
    """Median against outliers, then a Gaussian among filled pixels alone."""
    filled = inverted > 0
    median = cv2.medianBlur(inverted, 5)
    inverted = np.where(filled & (median > 0), median, inverted).astype(np.float32)
    weights = cv2.GaussianBlur(filled.astype(np.float32), (blur_px, blur_px), 0)
    blurred = cv2.GaussianBlur(inverted, (blur_px, blur_px), 0)
    normalised = blurred / np.maximum(weights, np.float32(1e-6))
    return np.where(filled, normalised, inverted).astype(np.float32)
