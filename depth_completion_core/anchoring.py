# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Dense depth drawn towards the measurements: a smooth interpolation of how far it is off there.

What is off is log(measured / predicted), so that scaling both scales the result. It is spread from
coarse to fine grids by normalised convolution (Knutsson and Westin, CVPR 1993): each grid corrects
what the coarser ones have left, as in the method of successive corrections (Bergthorsson and Doos,
1955), and fades to nothing away from measurements. Measurements that contradict their neighbours
count less, by Cauchy's weights.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.frame import BoolArray, Float32Array, SparseDepth

_KERNEL = np.array([1, 4, 6, 4, 1], np.float32) / np.float32(6)  # 1 in the middle
_REACH_CELLS = 3.0  # of the kernel and the interpolation between cells
_SPACINGS = 4.0  # mean distances between points that the reach is, where it is not given
_PRIOR = 0.5  # measurements that the prediction itself is worth, on the coarsest grid
_GROWTH = 2.0  # of that from a grid to the next finer one, so that noise is not followed
_TOLERANCE = 2.5  # local mean deviations at which a measurement counts half
_LEAST_SPREAD = 0.01  # deviations of 1 % of the depth are no sign of an outlier
_DISCORD = 0.05  # local mean deviation at which all measurements of the place count half
_LEAST_NEIGHBOURS = 1.5  # a measurement with fewer is believed
_ROUNDS = 2

Int64Array = npt.NDArray[np.int64]


class Points(NamedTuple):
    """N measured pixels.

    Attributes:
        row: (N,) int64. Likewise column.
        error: (N,) float32 log(measured / predicted).
    """

    row: Int64Array
    column: Int64Array
    error: Float32Array


def anchored(
    depth: Float32Array, known: BoolArray, sparse: SparseDepth, reach_px: float = 0.0
) -> Float32Array:
    """Dense depth that comes close to the measurements, and far from them is as it was.

    Args:
        depth: (H, W) metres, predicted.
        known: (H, W) where it is above 0 and finite.
        sparse: measurements of the same size.
        reach_px: how far a measurement acts, pixels; 0 for four times the mean distance between
            measurements.

    Returns:
        (H, W) metres; where nothing is known, what was there.
    """
    row, column = np.nonzero(sparse.valid & known)
    if len(row) == 0:
        return depth
    error = np.log(sparse.depth[row, column] / depth[row, column]).astype(np.float32)
    points = Points(row, column, error)
    reach_px = reach_px or _SPACINGS * math.sqrt(depth.size / len(row))
    coarsest = max(round(math.log2(reach_px / _REACH_CELLS)), 0)
    weight = trust(points, depth.shape, coarsest)
    correction = spread_out(points, weight, depth.shape, coarsest)
    drawn: Float32Array = np.where(known, depth * np.exp(correction), depth)
    return drawn


def trust(points: Points, shape: tuple[int, ...], level: int) -> Float32Array:
    """(N,) weights from 0 to 1: how well each point agrees with others, and others do, around it.

    A point alone has 1: nothing speaks against it.

    Args:
        points: whose errors are compared.
        shape: of the image.
        level: neighbours are those within three cells of 2^level pixels.
    """
    cell, grid = _cells(points, shape, level)
    weight: Float32Array = np.ones_like(points.error)
    for _ in range(_ROUNDS):
        # Without the point itself, whose own cell's kernel is 1.
        amount = _around(weight, cell, grid) - weight
        mean = (_around(weight * points.error, cell, grid) - weight * points.error) / np.maximum(
            amount, np.float32(1e-6)
        )
        is_judged = amount >= _LEAST_NEIGHBOURS
        off = np.where(is_judged, np.abs(points.error - mean), np.float32(0))
        spread = (_around(weight * off, cell, grid) - weight * off) / np.maximum(
            amount, np.float32(1e-6)
        )
        ratio = off / (_TOLERANCE * np.maximum(spread, np.float32(_LEAST_SPREAD)))
        weight = np.where(is_judged, 1 / (1 + ratio * ratio), np.float32(1))
    discord = np.where(is_judged, spread / np.float32(_DISCORD), np.float32(0))
    judged: Float32Array = weight / (1 + discord * discord)
    return judged


def spread_out(
    points: Points, weight: Float32Array, shape: tuple[int, ...], coarsest: int
) -> Float32Array:
    """(H, W) float32: errors between the points.

    Args:
        points: where the error is known.
        weight: (N,) how much each counts, 0 to 1.
        shape: of the image.
        coarsest: cells of the first grid have 2^coarsest pixels a side.
    """
    amount, total = np.zeros((2, *shape), np.float32)
    amount[points.row, points.column] = weight
    total[points.row, points.column] = weight * points.error
    grids = [(amount, total)]
    for _ in range(coarsest):
        grids.append((_halved(grids[-1][0]), _halved(grids[-1][1])))
    found: Float32Array = np.zeros_like(grids[-1][0])
    for level in range(coarsest, -1, -1):
        amount, total = grids[level]
        if level < coarsest:
            found = _doubled(found)[: amount.shape[0], : amount.shape[1]]
        prior = np.float32(_PRIOR * _GROWTH ** (coarsest - level))
        found = found + _filtered(total - amount * found) / (_filtered(amount) + prior)
    return found


def _around(value: Float32Array, cell: Int64Array, grid: tuple[int, int]) -> Float32Array:
    """(N,) sums over the points around each, by the kernel."""
    total = np.bincount(cell, value, grid[0] * grid[1]).astype(np.float32).reshape(grid)
    around: Float32Array = _filtered(total).reshape(-1)[cell]
    return around


def _cells(
    points: Points, shape: tuple[int, ...], level: int
) -> tuple[Int64Array, tuple[int, int]]:
    """(N,) the cell of each point, and rows and columns of cells."""
    grid = ((shape[0] - 1 >> level) + 1, (shape[1] - 1 >> level) + 1)
    return (points.row >> level) * grid[1] + (points.column >> level), grid


def _filtered(grid: Float32Array) -> Float32Array:
    border = cv2.BORDER_CONSTANT
    return cv2.sepFilter2D(grid, cv2.CV_32F, _KERNEL, _KERNEL, borderType=border).astype(
        np.float32, copy=False
    )


def _halved(grid: Float32Array) -> Float32Array:
    """Sums of 2x2 cells; at an odd border of fewer."""
    height, width = grid.shape
    even = np.pad(grid, ((0, height % 2), (0, width % 2)))
    return even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]


def _doubled(grid: Float32Array) -> Float32Array:
    """Interpolated between the cells' middles."""
    size = (2 * grid.shape[1], 2 * grid.shape[0])
    return cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)
