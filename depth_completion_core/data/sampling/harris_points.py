# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Points as ScaffNet's release chooses them for SceneNet: by Harris, spread by k-means.

The fifth of the pixels with the smallest response of Harris and Stephens ("A combined corner and
edge detector", 1988), which are edges rather than corners, in so many clusters; a point is the
middle of a cluster. The release clusters in small batches; here every round takes all pixels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import BoolArray, UInt8Array

_BLOCK_PX, _SOBEL_PX, _K = 5, 3, 0.04
_SHARE = 15_000 / (320 * 240)  # of the pixels, as the release takes of SceneNet's
_ROUNDS = 2
_SEED = 1


def harris_points(image: UInt8Array, count: int) -> BoolArray:
    """(H, W) bool, ``count`` points at most: those that fall into one pixel are one.

    Args:
        image: (H, W, 3) uint8 RGB.
        count: number of clusters.
    """
    import cv2  # noqa: PLC0415 - texts that name this are read without

    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    response = cv2.cornerHarris(grey, _BLOCK_PX, _SOBEL_PX, _K)
    smallest = np.argsort(response, axis=None, kind="stable")[: round(_SHARE * response.size)]
    pixels = np.stack(np.unravel_index(smallest, response.shape), axis=1).astype(np.float64)
    row, column = cluster_middles(pixels, count).astype(np.int64).T
    chosen = np.zeros(response.shape, dtype=np.bool_)
    chosen[row, column] = True
    return chosen


def cluster_middles(points: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.float64]:
    """(count, 2) middles of clusters of (N, 2) points, by Lloyd's algorithm (1982).

    It begins at points that are chosen at random, always the same ones; a middle that no point is
    nearest to stays where it is. With fewer points than clusters, each is its own.
    """
    generator = np.random.default_rng(_SEED)
    middles = points[generator.permutation(len(points))[:count]]
    for _ in range(_ROUNDS):
        # |p - m|^2 without |p|^2, which is the same for all middles.
        nearest = np.argmin((middles**2).sum(axis=1) - 2.0 * points @ middles.T, axis=1)
        members = np.bincount(nearest, minlength=len(middles))
        sums = np.stack(
            [np.bincount(nearest, points[:, axis], minlength=len(middles)) for axis in (0, 1)],
            axis=1,
        )
        middles = np.where(members[:, None] > 0, sums / np.maximum(members, 1)[:, None], middles)
    return middles
