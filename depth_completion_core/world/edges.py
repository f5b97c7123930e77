# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Edges of depth and of images, defined once for statistics and tests."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import BoolArray, Float32Array, UInt8Array

JUMP = 0.05
"""How much two neighbours' inverse depths must differ, as a share of the larger one."""

_CANNY = (40, 100)


def depth_edges(depth: Float32Array, valid: BoolArray) -> BoolArray:
    """Pixels beside a jump in depth; both sides of it are marked. See :func:`jumps`.

    Args:
        depth: (H, W) metres.
        valid: (H, W), False in the sky, whose inverse depth is 0.

    Returns:
        (H, W) bool.
    """
    inverse = np.where(valid, 1.0 / np.maximum(depth, 1e-3), 0.0)
    edges = np.zeros(depth.shape, np.bool_)
    across, down = jumps(inverse), jumps(inverse.T).T
    edges[:, :-1] |= across
    edges[:, 1:] |= across
    edges[:-1] |= down
    edges[1:] |= down
    return edges


def jumps(inverse: npt.NDArray[np.float64]) -> BoolArray:
    """(H, W - 1) whether there is a jump between a pixel and its right neighbour.

    There is one if the inverse depths of the two differ by more than 5 % of the larger one, and if
    each also differs by half as much from where the slope on the other side leads: inverse depth
    is linear on a plane, so a floor at a grazing angle has no edges.
    """
    left, right = inverse[:, :-1], inverse[:, 1:]
    slope = np.pad(np.diff(inverse, axis=1), ((0, 0), (1, 1)))
    threshold = JUMP * np.maximum(left, right)
    from_left = np.abs(left + slope[:, :-2] - right) > 0.5 * threshold
    from_right = np.abs(right - slope[:, 2:] - left) > 0.5 * threshold
    return (np.abs(left - right) > threshold) & from_left & from_right


def image_edges(image: UInt8Array) -> BoolArray:
    """(H, W) edges of an RGB image (H, W, 3): Canny, 40 and 100, after a blur of one pixel."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    edges: BoolArray = cv2.Canny(grey, *_CANNY) > 0
    return edges


def within(mask: BoolArray, radius_px: int) -> BoolArray:
    """(H, W) pixels whose distance to the mask is at most so many pixels in row and column."""
    kernel = np.ones((2 * radius_px + 1, 2 * radius_px + 1), np.uint8)
    grown: BoolArray = cv2.dilate(mask.astype(np.uint8), kernel) > 0
    return grown
