# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Linear interpolation over the Delaunay triangles of the measured pixels."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import BoolArray, Float32Array
from depth_completion_core.models.base import NoSettings
from depth_completion_core.models.classical import ClassicalModel, Filled
from depth_completion_core.models.nearest import nearest_depth

Float64Array = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]

_ROUNDING_PX = 1e-9


class Linear(ClassicalModel):
    """Linear inside the convex hull of the measurements, the nearest measurement outside.

    The confidence is 1 inside the hull, where neighbours on all sides vouch for a pixel, and 0
    outside; its mean is the share of the image that was interpolated.
    """

    def __init__(self, config: NoSettings | None = None) -> None:
        super().__init__(config)
        try:
            import scipy.spatial  # noqa: F401, PLC0415 - an extra, not in the base install
        except ImportError as error:
            raise ImportError(
                "the model 'linear' needs scipy: pip install 'depth_completion_ros[baselines]'"
            ) from error

    def fill(self, depth: Float32Array, valid: BoolArray) -> Filled:
        """Fill the whole image; fewer than three points, or all on a line, have no hull."""
        filled = nearest_depth(depth, valid)
        inside = _interpolate_inside_hull(depth, valid, filled)
        return Filled(filled, np.ones_like(valid), inside.astype(np.float32))


def _interpolate_inside_hull(
    depth: Float32Array, valid: BoolArray, filled: Float32Array
) -> BoolArray:
    """Write the interpolation into ``filled``; returns where."""
    from scipy.spatial import Delaunay, QhullError  # noqa: PLC0415

    inside = np.zeros_like(valid)
    rows, columns = np.nonzero(_corners_of_gaps(valid))
    if rows.size < 3:
        return inside
    try:
        triangles = Delaunay(np.stack([columns, rows], axis=1)).simplices
    except QhullError:
        return inside
    corners = np.stack([columns[triangles], rows[triangles]], axis=-1).astype(np.float64)
    planes = _planes(corners, depth[rows, columns][triangles].astype(np.float64))
    triangle, v, u = rasterized(corners)
    a, b, c = planes[:, triangle]
    filled[v, u] = a * u + b * v + c
    inside[v, u] = True
    # A sliver of a triangle on the hull has no stable plane; the measurement is there anyway.
    filled[valid] = depth[valid]
    inside[valid] = True
    return inside


def _corners_of_gaps(valid: BoolArray) -> BoolArray:
    """The measured pixels that a triangle over an unmeasured one can have as a corner.

    A circle through a pixel that holds none of its four neighbours has a radius of 0.71 px at most:
    with all four measured, the pixel's triangles lie among measured pixels. Leaving it out changes
    no other triangle, and a dense depth image with holes has few corners.
    """
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    surrounded = cv2.erode(
        valid.astype(np.uint8), cross, borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    corners: BoolArray = valid & np.equal(surrounded, 0)
    return corners


def _planes(corners: Float64Array, values: Float64Array) -> Float64Array:
    """(3, T) coefficients a, b, c of value = a u + b v + c in triangles (T, 3, 2)."""
    edge1, edge2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    rise1, rise2 = values[:, 1] - values[:, 0], values[:, 2] - values[:, 0]
    area = edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]
    area = np.where(area == 0, 1.0, area)
    a = (rise1 * edge2[:, 1] - rise2 * edge1[:, 1]) / area
    b = (rise2 * edge1[:, 0] - rise1 * edge2[:, 0]) / area
    return np.stack([a, b, values[:, 0] - a * corners[:, 0, 0] - b * corners[:, 0, 1]])


def rasterized(corners: Float64Array) -> tuple[Int64Array, Int64Array, Int64Array]:
    """The pixels of triangles, borders included: scipy's search for them is ten times slower.

    Args:
        corners: (T, 3, 2) whole-numbered pixels (u, v).

    Returns:
        Three (P,) int64 arrays: number of the triangle, v and u of its pixels.
    """
    order = np.argsort(corners[..., 1], axis=1)
    (u0, v0), (u1, v1), (u2, v2) = np.take_along_axis(corners, order[..., None], 1).transpose(
        1, 2, 0
    )
    rows_of = (v2 - v0).astype(np.int64) + 1
    row_triangle, row = _expanded(rows_of)
    t = row_triangle
    v = v0[t] + row
    along = (u2[t] - u0[t]) * row / np.maximum(v2[t] - v0[t], 1)
    is_upper = (v <= v1[t]) & (v1[t] > v0[t])
    upper = u0[t] + (u1[t] - u0[t]) * row / np.maximum(v1[t] - v0[t], 1)
    lower = u1[t] + (u2[t] - u1[t]) * (v - v1[t]) / np.maximum(v2[t] - v1[t], 1)
    bend, straight = np.where(is_upper, upper, lower), u0[t] + along
    first = np.ceil(np.minimum(bend, straight) - _ROUNDING_PX).astype(np.int64)
    last = np.floor(np.maximum(bend, straight) + _ROUNDING_PX).astype(np.int64)
    run, column = _expanded(np.maximum(last - first + 1, 0))
    return t[run], v[run].astype(np.int64), first[run] + column


def _expanded(counts: Int64Array) -> tuple[Int64Array, Int64Array]:
    """(index of the run, position in the run) of every item of runs with these lengths."""
    run = np.repeat(np.arange(counts.size), counts)
    starts = np.cumsum(counts) - counts
    return run, np.arange(run.size) - starts[run]
