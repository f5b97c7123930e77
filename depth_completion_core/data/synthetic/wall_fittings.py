# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What hangs on a room's walls. Each piece faces along its x axis, away from the wall."""

from __future__ import annotations

import math

from depth_completion_core.data.synthetic.furniture import cloth
from depth_completion_core.data.synthetic.poses import pose
from depth_completion_core.data.synthetic.shapes import (
    Material,
    Shape,
    box,
    cylinder,
    ellipsoid,
    posed_cylinder,
    rgb,
)

_STEEL = Material(colour=rgb(0x9A9DA1), grain=0.03)
_BLACK = Material(colour=rgb(0x232428), grain=0.05)
_WHITE = Material(colour=rgb(0xEFEDE6), grain=0.03)


def picture(width: float, height: float, frame: int, colour: int, accent: int) -> list[Shape]:
    """A framed picture; its origin is its middle, on the wall behind it."""
    canvas = Material(
        colour=rgb(colour), accent=rgb(accent), texture="painting", period=(width, height)
    )
    return [
        box(Material(colour=rgb(frame)), (0.03, width + 0.1, height + 0.1), 0.015, 0, 0),
        box(_WHITE, (0.034, width, height), 0.017, 0, 0),
        box(canvas, (0.038, 0.78 * width, 0.78 * height), 0.019, 0, 0),
    ]


def window(width: float = 1.6, height: float = 1.2) -> list[Shape]:
    """A bright window with a cross, a sill and curtains; its origin is its middle, on the wall."""
    outside = Material(
        colour=rgb(0xA9CBEB), accent=rgb(0xF4F8FB), texture="patches", period=(2.0, 0.8),
        emission=1.6, grain=0.0,
    )  # fmt: skip
    curtain = cloth(0xB9A58A, 0xA8916F)
    uprights = [
        box(_WHITE, (0.07, 0.06, height + 0.12), 0.035, y, 0) for y in (-width / 2, 0.0, width / 2)
    ]
    rails = [box(_WHITE, (0.07, width, 0.06), 0.035, 0, z) for z in (-height / 2, height / 2)]
    side = width / 2 + 0.28
    folds = [
        cylinder(curtain, (0.07, height + 0.7), 0.1, sign * (side + 0.12 * (n - 1)), -0.1)
        for sign in (-1, 1)
        for n in range(3)
    ]
    rod = posed_cylinder(
        _BLACK, 0.015, width + 1.2, pose(0.1, 0, height / 2 + 0.25, roll=math.pi / 2)
    )
    pane = box(outside, (0.02, width, height), 0.01, 0, 0)
    sill = box(_WHITE, (0.2, width + 0.2, 0.035), 0.1, 0, -height / 2 - 0.05)
    return [pane, sill, rod, *uprights, *rails, *folds]


def door() -> list[Shape]:
    """A closed door; its origin is at the floor, on the wall behind it."""
    leaf = Material(colour=rgb(0xC9BFA9), grain=0.05)
    panels = [box(leaf, (0.07, 0.6, 0.75), 0.02, 0, z) for z in (0.55, 1.5)]
    frame = [box(_WHITE, (0.09, 0.09, 2.1), 0.02, y, 1.05) for y in (-0.49, 0.49)]
    top = box(_WHITE, (0.09, 1.07, 0.09), 0.02, 0, 2.1)
    knob = ellipsoid(_STEEL, (0.035, 0.035, 0.035), 0.09, 0.37, 1.02)
    return [box(leaf, (0.05, 0.9, 2.05), 0.02, 0, 1.025), *panels, *frame, top, knob]
