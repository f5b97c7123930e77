# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Linear interpolation over the Delaunay triangles of the measured pixels."""

from __future__ import annotations

import numpy as np

from depth_completion_core.frame import BoolArray, Float32Array
from depth_completion_core.models.classical import ClassicalModel, Filled
from depth_completion_core.models.nearest import nearest_depth


class Linear(ClassicalModel):
    """Linear inside the convex hull of the measurements, the nearest measurement outside.

    The confidence is 1 inside the hull, where neighbours on all sides vouch for a pixel, and 0
    outside; its mean is the share of the image that was interpolated.
    """

    def __init__(self) -> None:
        super().__init__()
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
    rows, columns = np.nonzero(valid)
    if rows.size < 3:
        return inside
    try:
        triangulation = Delaunay(np.stack([columns, rows], axis=1).astype(np.float64))
    except QhullError:
        return inside
    top, bottom = int(rows.min()), int(rows.max()) + 1
    left, right = int(columns.min()), int(columns.max()) + 1
    u, v = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
    pixels = np.stack([u, v], axis=-1).reshape(-1, 2)
    triangle = triangulation.find_simplex(pixels.astype(np.float64))
    planes = _planes(triangulation.points, triangulation.simplices, depth[rows, columns])
    chosen = planes[triangle]
    values = chosen[:, 0] * pixels[:, 0] + chosen[:, 1] * pixels[:, 1] + chosen[:, 2]
    found = (triangle >= 0).reshape(u.shape)
    box = (slice(top, bottom), slice(left, right))
    filled[box][found] = values.reshape(u.shape)[found]
    inside[box] = found
    # A sliver of a triangle on the hull has no stable plane; the measurement is there anyway.
    filled[valid] = depth[valid]
    return inside


def _planes(
    points: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    simplices: np.ndarray[tuple[int, int], np.dtype[np.int32]],
    depth: Float32Array,
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(T, 3) coefficients a, b, c of depth = a u + b v + c in each triangle."""
    corner = points[simplices]
    value = depth[simplices].astype(np.float64)
    edge1, edge2 = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    rise1, rise2 = value[:, 1] - value[:, 0], value[:, 2] - value[:, 0]
    area = edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]
    area = np.where(area == 0, 1.0, area)
    a = (rise1 * edge2[:, 1] - rise2 * edge1[:, 1]) / area
    b = (rise2 * edge1[:, 0] - rise1 * edge2[:, 0]) / area
    c = value[:, 0] - a * corner[:, 0, 0] - b * corner[:, 0, 1]
    return np.stack([a, b, c], axis=1)
