# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parked vehicles from primitives; each stands on its own origin and faces along its x axis."""

from __future__ import annotations

import math

from depth_completion_core.data.synthetic.poses import pose
from depth_completion_core.data.synthetic.shapes import (
    Material,
    Shape,
    box,
    ellipsoid,
    posed_cylinder,
    rgb,
)

_TYRE = Material(colour=rgb(0x1D1D1F), grain=0.1)
_RIM = Material(colour=rgb(0xA7ABB0), grain=0.05)
_GLASS = Material(
    colour=rgb(0x27333D), accent=rgb(0x5B7080), texture="patches", period=(2.5, 1.0), grain=0.02
)
_BUMPER = Material(colour=rgb(0x2B2C2F), grain=0.05)
_HEADLIGHT = Material(colour=rgb(0xF2F2EC), grain=0.0, emission=0.3)
_TAILLIGHT = Material(colour=rgb(0xB3161B), grain=0.0, emission=0.2)
_PLATE = Material(colour=rgb(0xE9E6DA), grain=0.05)


def car(colour: int) -> list[Shape]:
    """A car 4.3 m long and 1.5 m high."""
    paint = Material(colour=rgb(colour), grain=0.025, grain_size=0.05)
    return [
        box(paint, (4.1, 1.76, 0.42), 0, 0, 0.6),
        ellipsoid(paint, (2.15, 0.9, 0.34), 0, 0, 0.66),
        ellipsoid(_GLASS, (1.62, 0.78, 0.74), -0.3, 0, 0.78),
        ellipsoid(paint, (1.42, 0.69, 0.8), -0.3, 0, 0.78),
        box(paint, (0.09, 1.5, 0.5), -0.32, 0, 1.1),
        *_wheels(0.33, 1.32, 0.8),
        *_ends(2.06, 0.62, 0.66),
        box(_BUMPER, (4.24, 1.6, 0.2), 0, 0, 0.42),
    ]


def van(colour: int) -> list[Shape]:
    """A delivery van 5 m long and 2.2 m high."""
    paint = Material(colour=rgb(colour), grain=0.03, grain_size=0.05)
    stripe = Material(
        colour=rgb(colour), accent=rgb(0xC8452E), texture="bands", period=(1.0, 1.1), grain=0.03
    )
    return [
        box(stripe, (3.6, 1.9, 1.75), -0.7, 0, 1.3),
        box(paint, (1.5, 1.86, 0.75), 1.75, 0, 0.8),
        ellipsoid(_GLASS, (1.1, 0.9, 0.85), 1.15, 0, 1.2),
        ellipsoid(paint, (0.98, 0.8, 0.94), 1.15, 0, 1.2),
        *_wheels(0.36, 1.6, 0.86),
        *_ends(2.5, 0.65, 0.7),
        box(_BUMPER, (5.1, 1.7, 0.22), 0, 0, 0.45),
    ]


def _wheels(radius: float, x: float, y: float) -> list[Shape]:
    shapes = []
    for along in (-x, x):
        for side in (-y, y):
            axle = pose(along, side, radius, roll=math.pi / 2)
            shapes.append(posed_cylinder(_TYRE, radius, 0.22, axle))
            shapes.append(posed_cylinder(_RIM, 0.62 * radius, 0.235, axle))
    return shapes


def _ends(x: float, y: float, z: float) -> list[Shape]:
    """Lights, and a number plate at the back."""
    front = [box(_HEADLIGHT, (0.06, 0.34, 0.14), x, side, z) for side in (-y, y)]
    rear = [box(_TAILLIGHT, (0.06, 0.26, 0.16), -x, side, z + 0.04) for side in (-y, y)]
    return [*front, *rear, box(_PLATE, (0.05, 0.5, 0.12), -x - 0.02, 0, z)]
