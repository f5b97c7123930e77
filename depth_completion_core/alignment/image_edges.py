# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How much of an edge there is near each pixel of an image."""

from __future__ import annotations

import cv2
import numpy as np

from depth_completion_core.geometry.arrays import Float32Array, UInt8Array

_SMOOTHING_PX = 1.0
_SURROUNDINGS = 12.0  # times the reach, side of a square
_STRONGEST = 4.0  # times the mean of the surroundings
_FAINTEST = 1.5  # grey levels per pixel


def image_edges(image: UInt8Array, reach_px: float) -> Float32Array:
    """Strength of upright and of level edges, blurred, against the mean around.

    The gradient is divided by its mean around: a bold texture must not outweigh a plain wall.

    Args:
        image: (H, W, 3) uint8 RGB.
        reach_px: standard deviation of the blur, pixels: how far an edge is felt.

    Returns:
        (2, H, W) float32: 0 where there is as much edge as around.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = _floats(cv2.GaussianBlur(grey, (0, 0), _SMOOTHING_PX))
    upright = np.abs(_floats(cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.125)))
    level = np.abs(_floats(cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.125)))
    side = 2 * round(_SURROUNDINGS * reach_px / 2) + 1
    usual = _floats(cv2.blur((upright + level) / 2, (side, side))) + np.float32(_FAINTEST)
    return np.stack([_felt(strength / usual, reach_px, side) for strength in (upright, level)])


def _felt(relative: Float32Array, reach_px: float, side: int) -> Float32Array:
    relative = np.minimum(relative, np.float32(_STRONGEST))
    near = _floats(cv2.GaussianBlur(relative, (0, 0), reach_px))
    return near - _floats(cv2.blur(relative, (side, side)))


def _floats(values: cv2.typing.MatLike) -> Float32Array:
    return values.astype(np.float32, copy=False)
