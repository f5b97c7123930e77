# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scan lines of a spinning lidar, found again in a cloud that does not name its lasers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import BoolArray, Float32Array

Float64Array = npt.NDArray[np.float64]

_BIN_DEG = 0.02
_ROW_WIDTH_DEG = 0.06
_ORIGIN_HEIGHTS = np.arange(-0.4, 0.401, 0.01)  # metres
_PASSES = 4
_CLEAR_SHARE = 0.95
_SMALLEST_ROW = 20  # points


def scan_rows(points: Float32Array) -> npt.NDArray[np.int64]:
    """Number the scan lines by clustering elevation angles, the lowest line first.

    The lasers of a real sensor do not meet in one point: each block of them has an origin of its
    own height, and only seen from there do its lines have a constant elevation. The height that
    makes the histogram of elevations sharpest is found first, its clear peaks are taken out as
    lines, and the rest is searched again.

    Args:
        points: (N, 3) float32 metres in the frame of the sensor, z up.

    Returns:
        (N,) int64 line of each point; stray points go to the line of nearest elevation.
    """
    z = points[:, 2].astype(np.float64)
    distance = np.hypot(points[:, 0], points[:, 1]).astype(np.float64)
    row_deg = np.full(len(points), np.nan)
    for _ in range(_PASSES):
        left = np.isnan(row_deg)
        if np.count_nonzero(left) < _SMALLEST_ROW:
            break
        elevation = _elevation_deg(
            z[left], distance[left], _sharpest_origin(z[left], distance[left])
        )
        row_deg[left] = _peak_of(elevation)
    known = np.unique(row_deg[~np.isnan(row_deg)])
    if known.size == 0:
        return np.zeros(len(points), dtype=np.int64)
    stray = np.isnan(row_deg)
    row_deg[stray] = _elevation_deg(z[stray], distance[stray], 0.0)
    between = (known[1:] + known[:-1]) / 2
    return np.searchsorted(between, row_deg).astype(np.int64)


def keep_every_nth_row(rows: npt.NDArray[np.int64], n: int) -> BoolArray:
    """(N,) bool: the points of every n-th scan line, counted from the lowest."""
    if n < 1:
        raise ValueError(f"every {n}-th scan line was asked for, expected 1 or more")
    kept: BoolArray = rows % n == 0
    return kept


def _elevation_deg(z: Float64Array, distance: Float64Array, origin_height: float) -> Float64Array:
    return np.degrees(np.arctan2(z - origin_height, distance))


def _histogram(elevation_deg: Float64Array) -> npt.NDArray[np.int64]:
    bins = np.floor((elevation_deg + 90.0) / _BIN_DEG).astype(np.int64)
    return np.bincount(bins, minlength=int(180.0 / _BIN_DEG) + 1)


def _sharpest_origin(z: Float64Array, distance: Float64Array) -> float:
    step = max(1, len(z) // 20_000)
    z, distance = z[::step], distance[::step]
    sharpness = [
        float((_histogram(_elevation_deg(z, distance, height)).astype(np.float64) ** 2).sum())
        for height in _ORIGIN_HEIGHTS
    ]
    return float(_ORIGIN_HEIGHTS[int(np.argmax(sharpness))])


def _peak_of(elevation_deg: Float64Array) -> Float64Array:
    """(N,) elevation of the clear peak that each point belongs to; NaN for no clear one.

    A peak is clear where a line's width holds most of the points of the neighbourhood.
    """
    counts = _histogram(elevation_deg).astype(np.float64)
    reach = round(_ROW_WIDTH_DEG / _BIN_DEG)
    narrow = np.convolve(counts, np.ones(2 * reach + 1), mode="same")
    wide = np.convolve(counts, np.ones(4 * reach + 3), mode="same")
    result = np.full(len(elevation_deg), np.nan)
    clear = np.where((narrow >= _SMALLEST_ROW) & (narrow > _CLEAR_SHARE * wide), narrow, 0.0)
    while clear.max() > 0:
        center = int(np.argmax(clear))
        center_deg = (center + 0.5) * _BIN_DEG - 90.0
        result[np.abs(elevation_deg - center_deg) <= (reach + 0.5) * _BIN_DEG] = center_deg
        clear[max(center - 2 * reach, 0) : center + 2 * reach + 1] = 0.0
    return result
