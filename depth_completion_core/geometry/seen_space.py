# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The space that the rays of a sweep have passed: what is found in it at another time has moved."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import BoolArray, Float32Array

_ACROSS_DEG, _UP_DEG = 0.5, 0.2  # cells; wider than columns are apart, narrower than lines are
_WIDEST_GAP_DEG = (
    3.0  # between two lines of a lidar; where they are farther apart, nothing is known
)


class SeenSpace:
    """How far the way was free from where a sweep was taken, in every direction.

    Between two lines of the lidar, and between two columns, the nearer one counts: a floor seen at
    a grazing angle lies behind the line below it, and an edge behind what is beside it.

    Args:
        points: (N, 3) float32 metres, in the frame of the sensor, whose z axis points up: that of
            the lines of a spinning lidar.
    """

    def __init__(self, points: Float32Array) -> None:
        row, column, distance = _cells(points)
        self._rows = 1 + max(math.ceil(180 / _UP_DEG), int(row.max(initial=0)))
        columns = round(360 / _ACROSS_DEG)
        nearest = np.full(self._rows * columns, np.inf, dtype=np.float32)
        np.minimum.at(nearest, row * columns + column, distance)
        self._free_to, self._ends_at = _between_lines(nearest.reshape(self._rows, columns))

    def passes(self, points: Float32Array, *, margin: float, margin_ratio: float) -> BoolArray:
        """(M,) bool: whether a ray has gone through a point and well beyond.

        Args:
            points: (M, 3) float32 metres, in the same frame.
            margin: how far beyond, metres.
            margin_ratio: and this times the distance.
        """
        row, column, distance = _cells(points)
        passed: BoolArray = self._free_to[row, column] > distance * (1 + margin_ratio) + margin
        return passed

    def hides(self, points: Float32Array, *, margin: float, margin_ratio: float) -> BoolArray:
        """(M,) bool: whether the rays above and below a point both ended well before it.

        Args:
            points: (M, 3) float32 metres, in the same frame.
            margin: how far before, metres.
            margin_ratio: and this times the distance.
        """
        row, column, distance = _cells(points)
        hidden: BoolArray = self._ends_at[row, column] * (1 + margin_ratio) + margin < distance
        return hidden


def _cells(
    points: Float32Array,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Float32Array]:
    """Row and column of the direction of each point, and its distance."""
    x, y, z = points.T
    level = np.hypot(x, y)
    row = np.degrees(np.arctan2(z, level)) + 90
    column = (np.degrees(np.arctan2(y, x)) + 180) / _ACROSS_DEG
    last = round(360 / _ACROSS_DEG) - 1
    return (
        (row / _UP_DEG).astype(np.int64),
        column.astype(np.int64).clip(0, last),
        np.hypot(level, z).astype(np.float32),
    )


def _between_lines(nearest: Float32Array) -> tuple[Float32Array, Float32Array]:
    """How far the way is free for certain, 0 if unknown; and where it ends, infinite if unknown.

    The smallest distance of the lines in a cell, above and below it, and of the columns beside; and
    that of the line in it, or else the larger one of the lines above and below.
    """
    above, below = nearest.copy(), nearest.copy()
    for _ in range(round(_WIDEST_GAP_DEG / _UP_DEG)):
        above[:-1] = np.where(np.isinf(above[:-1]), above[1:], above[:-1])
        below[1:] = np.where(np.isinf(below[1:]), below[:-1], below[1:])
    above[:-1], below[1:] = above[1:].copy(), below[:-1].copy()
    above[-1], below[0] = np.inf, np.inf
    farther = np.maximum(above, below)
    known = np.isfinite(farther)
    free = np.where(known, np.minimum(nearest, np.minimum(above, below)), np.float32(0))
    beside = np.minimum(np.roll(free, 1, axis=1), np.roll(free, -1, axis=1))
    ends = np.where(np.isfinite(nearest), nearest, farther)
    return np.minimum(free, beside), ends
