# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Corners of an image: what visual odometry finds again in the next one."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

_QUALITY = 1e-3  # of the best corner: weak ones are better than none
_SPACING_SHARE = 0.5  # of the mean distance that so many points would have


def corner_spacing_px(size: tuple[int, ...], count: int) -> float:
    """How near to each other so many corners may be: half the mean distance of so many points.

    Args:
        size: (height, width) of the image, pixels.
        count: of the corners, at least 1.
    """
    return _SPACING_SHARE * math.sqrt(size[0] * size[1] / count)


def strongest_corners(
    grey: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_], count: int, spacing_px: float
) -> npt.NDArray[np.float32]:
    """Corners after Shi and Tomasi, "Good features to track", CVPR 1994; the strongest first.

    Args:
        grey: (H, W) uint8.
        mask: (H, W) bool, where they may be.
        count: how many at most.
        spacing_px: no two are nearer to each other.

    Returns:
        (N, 2) float32 x and y, pixels.
    """
    import cv2  # noqa: PLC0415 - texts of sparsifiers are read without it

    found = cv2.goodFeaturesToTrack(
        grey,
        maxCorners=count,
        qualityLevel=_QUALITY,
        minDistance=spacing_px,
        mask=mask.astype(np.uint8),
    )
    if found is None:
        return np.zeros((0, 2), np.float32)
    return np.asarray(found, dtype=np.float32).reshape(-1, 2)
