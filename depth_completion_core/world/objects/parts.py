# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Short ways to write the parts of an object; sizes in any unit, z up, standing on z = 0."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from depth_completion_core.world.casting.primitives import Float64Array, Kind, PrimitiveTable

Point = tuple[float, float, float]

_IDENTITY = np.eye(3)


class Part(NamedTuple):
    """One primitive of an object; ``slot`` tells which of the object's materials it wears."""

    kind: Kind
    centre: Point
    rotation: Float64Array
    half: Point
    shape: tuple[float, float] = (0.0, 0.0)
    slot: int = 0
    shadow: bool = True


def turn(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Float64Array:
    """Rotation about x by roll, then y by pitch, then z by yaw; radians."""
    sr, cr, sp, cp = math.sin(roll), math.cos(roll), math.sin(pitch), math.cos(pitch)
    sy, cy = math.sin(yaw), math.cos(yaw)
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def towards(direction: Float64Array) -> Float64Array:
    """A rotation that takes z to a direction."""
    x, y, z = direction.tolist()
    length = math.sqrt(x * x + y * y + z * z)
    x, y, z = x / length, y / length, z / length
    # Across z and x, or across z and y where z is nearly x; written out, as numpy is slow on three.
    a, b, c = (0.0, -z, y) if abs(x) < 0.7 else (z, 0.0, -x)
    length = math.sqrt(a * a + b * b + c * c)
    a, b, c = a / length, b / length, c / length
    return np.array(
        [[a, y * c - z * b, x], [b, z * a - x * c, y], [c, x * b - y * a, z]],
    )


def box(
    size: Point, x: float, y: float, z: float, slot: int = 0, *, rotation: Float64Array = _IDENTITY
) -> Part:
    """A box of full sizes about its middle."""
    return Part(
        Kind.BOX, (x, y, z), rotation, (size[0] / 2, size[1] / 2, size[2] / 2), (0, 0), slot
    )


def ball(
    half: Point,
    x: float,
    y: float,
    z: float,
    slot: int = 0,
    *,
    cut: tuple[float, float] = (-2.0, 2.0),
    rotation: Float64Array = _IDENTITY,
) -> Part:
    """An ellipsoid of half sizes; cut open below and above the two heights (-1 to 1)."""
    return Part(Kind.ELLIPSOID, (x, y, z), rotation, half, cut, slot)


def lathe(profile: list[tuple[float, float]], slot: int = 0, *, lids: bool = True) -> list[Part]:
    """A turned body: (height, radius) pairs from below to above, each two a frustum."""
    kind = Kind.FRUSTUM if lids else Kind.TUBE
    return [
        _frustum(kind, low, high, slot)
        for low, high in pairwise(profile)
        if high[0] - low[0] > 1e-6
    ]


def _frustum(kind: Kind, low: tuple[float, float], high: tuple[float, float], slot: int) -> Part:
    (z0, r0), (z1, r1) = low, high
    wide = max(r0, r1, 1e-6)
    flipped = r1 > r0
    rotation = np.diag([1.0, -1.0, -1.0]) if flipped else _IDENTITY
    half = (wide, wide, (z1 - z0) / 2)
    return Part(kind, (0.0, 0.0, (z0 + z1) / 2), rotation, half, (min(r0, r1) / wide, 0.0), slot)


def rod(
    start: Point,
    end: Point,
    radius: float,
    slot: int = 0,
    *,
    kind: Kind = Kind.FRUSTUM,
    taper: float = 1.0,
) -> Part:
    """A round bar between two points; thinner at its end by the taper; CAPSULE for round ends."""
    a, b = np.asarray(start, np.float64), np.asarray(end, np.float64)
    length = float(np.linalg.norm(b - a))
    middle = (a + b) / 2
    half = length / 2 + (radius if kind == Kind.CAPSULE else 0.0)
    shape = (radius / half, 0.0) if kind == Kind.CAPSULE else (taper, 0.0)
    centre = (float(middle[0]), float(middle[1]), float(middle[2]))
    return Part(kind, centre, towards(b - a), (radius, radius, half), shape, slot)


def ring(
    radius: float,
    thickness: float,
    x: float,
    y: float,
    z: float,
    *,
    slot: int = 0,
    rotation: Float64Array = _IDENTITY,
) -> Part:
    """A torus of outer radius and half thickness, about z unless rotated."""
    half = (radius, radius, thickness)
    return Part(Kind.TORUS, (x, y, z), rotation, half, (thickness / radius, 0.0), slot)


def pillow(
    half: Point,
    x: float,
    y: float,
    z: float,
    slot: int = 0,
    *,
    exponents: tuple[float, float] = (4.0, 2.5),
    rotation: Float64Array = _IDENTITY,
) -> Part:
    """A superellipsoid of half sizes."""
    return Part(Kind.SUPERELLIPSOID, (x, y, z), rotation, half, exponents, slot)


def plate(
    half_x: float,
    half_y: float,
    centre: Point,
    rotation: Float64Array = _IDENTITY,
    slot: int = 0,
    *,
    kind: Kind = Kind.QUAD,
    inner: float = 0.0,
) -> Part:
    """A rectangle, or an ellipse (DISC), without thickness, across its z."""
    return Part(kind, centre, rotation, (half_x, half_y, 1.0), (inner, 0.0), slot)


def cloth(
    half: Point,
    centre: Point,
    waves: float,
    phase: float,
    rotation: Float64Array = _IDENTITY,
    *,
    slot: int = 0,
) -> Part:
    """A wavy sheet across its z."""
    return Part(Kind.SHEET, centre, rotation, half, (waves, phase), slot)


def table_of(parts: list[Part]) -> PrimitiveTable:
    """The parts as columns; the slot stands where the material will."""
    count = len(parts)
    return PrimitiveTable(
        kind=np.array([part.kind for part in parts], np.int64),
        centre=np.array([part.centre for part in parts], np.float64).reshape(count, 3),
        rotation=np.array([part.rotation for part in parts], np.float64).reshape(count, 3, 3),
        half=np.array([part.half for part in parts], np.float64).reshape(count, 3),
        shape=np.array([part.shape for part in parts], np.float64).reshape(count, 2),
        material=np.array([part.slot for part in parts], np.int64),
        owner=np.full(count, -1, np.int64),
        shadow=np.array([part.shadow for part in parts], np.bool_),
    )
