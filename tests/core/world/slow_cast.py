# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ray casting as it is defined: every primitive, every ray, thousands of steps, in float64.

Each kind is a number that changes its sign on the surface, and a rule which part of that surface
exists; both are written here from the table of ``primitives.py``, not from the code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from depth_completion_core.world.casting.primitives import Kind, PrimitiveTable

Float64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_STEPS = 2000
_HALVINGS = 40


class Surface(NamedTuple):
    """A kind: ``value(x, y, z, a, b)`` changes its sign on it, where ``there`` of these holds."""

    value: Callable[..., Float64]
    there: Callable[..., Bools]


def _everywhere(x: Float64, *_: object) -> Bools:
    return np.ones(x.shape, np.bool_)


def _in_cube(x: Float64, y: Float64, z: Float64, *_: object) -> Bools:
    return np.maximum(np.maximum(np.abs(x), np.abs(y)), np.abs(z)) <= 1.0 + 1e-9


def _mantle(x: Float64, y: Float64, z: Float64, r: float, _: float) -> Float64:
    return np.hypot(x, y) - (1.0 + (r - 1.0) * (z + 1.0) / 2.0)


def _capsule(x: Float64, y: Float64, z: Float64, end: float, _: float) -> Float64:
    beyond = np.maximum(np.abs(z) - (1.0 - end), 0.0) / end
    return x * x + y * y + beyond * beyond - 1.0


def _superellipsoid(x: Float64, y: Float64, z: Float64, e: float, n: float) -> Float64:
    return (np.abs(x) ** e + np.abs(y) ** e) ** (n / e) + np.abs(z) ** n - 1.0


def _torus(x: Float64, y: Float64, z: Float64, thickness: float, _: float) -> Float64:
    return ((np.hypot(x, y) - (1.0 - thickness)) / thickness) ** 2 + z * z - 1.0


def _sheet(x: Float64, y: Float64, z: Float64, waves: float, phase: float) -> Float64:
    height = 0.65 * np.sin(waves * x + phase + 0.7 * np.sin(2.1 * y + phase))
    return z - height - 0.3 * np.sin(1.9 * y + 0.6 * waves * x + 2.0 * phase)


SURFACES: dict[Kind, Surface] = {
    Kind.BOX: Surface(
        lambda x, y, z, *_: np.maximum(np.maximum(np.abs(x), np.abs(y)), np.abs(z)) - 1.0,
        _everywhere,
    ),
    Kind.ELLIPSOID: Surface(
        lambda x, y, z, *_: x * x + y * y + z * z - 1.0,
        lambda x, y, z, low, high: (low <= z) & (z <= high),
    ),
    Kind.FRUSTUM: Surface(
        lambda x, y, z, r, _: np.maximum(_mantle(x, y, z, r, 0.0), np.abs(z) - 1.0), _everywhere
    ),
    Kind.TUBE: Surface(_mantle, lambda x, y, z, *_: np.abs(z) <= 1.0),
    Kind.CAPSULE: Surface(_capsule, _everywhere),
    Kind.TORUS: Surface(_torus, _everywhere),
    Kind.SUPERELLIPSOID: Surface(_superellipsoid, _everywhere),
    Kind.QUAD: Surface(lambda x, y, z, *_: z, _in_cube),
    Kind.DISC: Surface(
        lambda x, y, z, *_: z,
        lambda x, y, z, inner, _: (np.hypot(x, y) <= 1.0) & (np.hypot(x, y) >= inner),
    ),
    Kind.SHEET: Surface(_sheet, _in_cube),
}


class SlowHit(NamedTuple):
    """(R,) lengths of the directions until something is met, else infinite; its row, else -1."""

    t: Float64
    primitive: npt.NDArray[np.int64]


def slow_cast(table: PrimitiveTable, origins: Float64, directions: Float64) -> SlowHit:
    """What rays (R, 3) meet first, metres, world."""
    best = np.full(len(origins), np.inf)
    owner = np.full(len(origins), -1)
    for row in range(len(table)):
        t = np.full(len(origins), np.inf)
        near = _passes(table, row, origins, directions)
        t[near] = first_crossing(table, row, origins[near], directions[near])
        owner = np.where(t < best, row, owner)
        best = np.minimum(t, best)
    return SlowHit(best, owner)


def _passes(table: PrimitiveTable, row: int, origins: Float64, directions: Float64) -> Bools:
    """(R,) whether a ray's line comes as near to the centre as the corners of the box."""
    to_centre = table.centre[row] - origins
    aside = np.linalg.norm(np.cross(to_centre, directions), axis=1)
    aside /= np.linalg.norm(directions, axis=1)
    passes: Bools = aside < 1.01 * np.linalg.norm(table.half[row])
    return passes


def first_crossing(
    table: PrimitiveTable, row: int, origins: Float64, directions: Float64
) -> Float64:
    """(R,) where rays first meet one primitive."""
    surface = SURFACES[Kind(int(table.kind[row]))]
    a, b = table.shape[row]
    starts, steps = to_unit(table, row, origins), to_unit(table, row, directions, turn_only=True)

    def value(t: Float64) -> Float64:
        x, y, z = (starts[:, axis, None] + t * steps[:, axis, None] for axis in range(3))
        return surface.value(x, y, z, a, b)

    # Nothing of a primitive is farther from its centre than the corner of its box.
    metres = np.linalg.norm(directions, axis=1)
    middle = ((table.centre[row] - origins) * directions).sum(axis=1) / metres**2
    reach = 1.01 * float(np.linalg.norm(table.half[row])) / metres
    near, far = np.maximum(middle - reach, 0.0), np.maximum(middle + reach, 0.0)
    t = near[:, None] + (far - near)[:, None] * np.linspace(0.0, 1.0, _STEPS + 1)
    positive = value(t) > 0
    best = np.full(len(origins), np.inf)
    rays, samples = np.nonzero(positive[:, 1:] != positive[:, :-1])
    starts, steps = starts[rays], steps[rays]
    low, high = t[rays, samples][:, None], t[rays, samples + 1][:, None]
    before = positive[rays, samples][:, None]
    for _ in range(_HALVINGS):
        middle_of = (low + high) / 2
        same = (value(middle_of) > 0) == before
        low, high = np.where(same, middle_of, low), np.where(same, high, middle_of)
    x, y, z = (starts[:, axis, None] + low * steps[:, axis, None] for axis in range(3))
    found = surface.there(x, y, z, a, b)[:, 0] & (low[:, 0] > 0)
    np.minimum.at(best, rays[found], low[found, 0])
    return best


def to_unit(
    table: PrimitiveTable, row: int, vectors: Float64, *, turn_only: bool = False
) -> Float64:
    """Points, or directions where ``turn_only``, (R, 3) in the unit frame of a primitive."""
    start = vectors if turn_only else vectors - table.centre[row]
    unit: Float64 = start @ table.rotation[row] / table.half[row]
    return unit
