# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far a base may swell before it touches anything."""

from __future__ import annotations

import math

import numpy as np

from depth_completion_core.geometry.transforms import Float64Array
from depth_completion_core.world.casting.primitives import PrimitiveTable

_DIRECTIONS = 16


def clearance(
    table: PrimitiveTable, places: Float64Array, *, low_m: float, high_m: float
) -> Float64Array:
    """Metres from upright lines to what stands beside them.

    A lower bound: what a primitive is, lies in its box, and the shadow of that box on the ground
    in what 16 directions bound.

    Args:
        table: what stands there.
        places: (N, 2) x, y of the lines, metres.
        low_m: where they begin; what lies wholly below is driven over.
        high_m: where they end.

    Returns:
        (N,), negative inside a box; infinite where nothing stands.
    """
    corners = table.corners()
    heights = corners[..., 2]
    corners = corners[(heights.max(axis=1) > low_m) & (heights.min(axis=1) < high_m), :, :2]
    if not len(corners):
        return np.full(len(places), np.inf)
    gaps = np.full((len(places), len(corners)), -np.inf)
    for number in range(_DIRECTIONS):
        angle = 2.0 * math.pi * number / _DIRECTIONS
        direction = np.array([math.cos(angle), math.sin(angle)])
        reach = (corners @ direction).max(axis=1)
        np.maximum(gaps, (places @ direction)[:, None] - reach, out=gaps)
    nearest: Float64Array = gaps.min(axis=1)
    return nearest
