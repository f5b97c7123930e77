# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A plane through each measurement's neighbourhood, that outliers hardly move."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from depth_completion_core.models.guided.geodesic_cells import GeodesicCells
from depth_completion_core.models.guided.working_frame import Float64Array, WorkingFrame

_RIDGE = 0.05  # measurements that "no slope" is worth, at one unit of distance
_UNIT_SPACINGS = 1.6  # unit of distance in the fit, in mean spacings of the measurements


class LocalPlanes(NamedTuple):
    """log depth around each of n measurements, as value + slope_u (u - u_i) + slope_v (v - v_i).

    Attributes:
        coefficients: (n, 3) value, slope_u and slope_v, log metres and log metres per pixel.
        lowest: (n,) least depth of the neighbourhood, metres.
        highest: (n,) greatest depth of it.
    """

    coefficients: Float64Array
    lowest: Float64Array
    highest: Float64Array


def local_planes(
    frame: WorkingFrame, cells: GeodesicCells, *, reach: float, tolerance: float, rounds: int
) -> LocalPlanes:
    """Weighted least squares in log depth, so that scaling depth scales the answer.

    Args:
        frame: the measurements.
        cells: their neighbours.
        reach: distance at which a neighbour counts 1/e, in the median distance between
            measurements whose cells touch.
        tolerance: a neighbour this far off the plane (in log depth) counts half.
        rounds: how often outliers are weighed anew, by Cauchy's weights.
    """
    log_depth = np.log(frame.depth)
    near, distance = cells.neighbours, cells.neighbour_distance
    unit_px = _UNIT_SPACINGS * frame.spacing_px
    u = (frame.u[near] - frame.u[:, None]) / unit_px
    v = (frame.v[near] - frame.v[:, None]) / unit_px
    basis = np.stack([np.ones_like(u), u, v], axis=-1)
    nearness = np.exp(-distance / (reach * _usual(cells.touching_distance)))
    weight = nearness
    for round_number in range(rounds + 1):
        plane = _fitted(basis, weight, log_depth[near])
        if round_number < rounds:
            off = log_depth[near] - np.einsum("nki,ni->nk", basis, plane)
            weight = nearness / (1.0 + (off / tolerance) ** 2)
    is_near = np.isfinite(distance)
    return LocalPlanes(
        plane / np.array([1.0, unit_px, unit_px]),
        np.where(is_near, frame.depth[near], np.inf).min(axis=1),
        np.where(is_near, frame.depth[near], -np.inf).max(axis=1),
    )


def _usual(distance: Float64Array) -> float:
    """The median of what is finite; 1 where nothing is."""
    known = distance[np.isfinite(distance)]
    return float(np.median(known)) if known.size else 1.0


def _fitted(basis: Float64Array, weight: Float64Array, values: Float64Array) -> Float64Array:
    """(n, 3) coefficients of (n, K, 3) basis functions; slopes are held back by a ridge."""
    weighted = basis * weight[..., None]
    normal = np.einsum("nki,nkj->nij", weighted, basis)
    normal += np.diag([1e-9, _RIDGE, _RIDGE])
    # From the measurement's own value on, so that the least weight of 1e-9 pulls nowhere.
    own = values[:, :1]
    right = np.einsum("nki,nk->ni", weighted, values - own)
    plane: Float64Array = np.linalg.solve(normal, right[..., None])[..., 0]
    plane[:, 0] += own[:, 0]
    return plane
