# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What stands along a street; each piece stands on its own origin and faces along its x axis."""

from __future__ import annotations

import math

import numpy as np

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

_STEEL = Material(colour=rgb(0x6C7075), grain=0.05)
_SKIN = Material(colour=rgb(0xC99775), grain=0.03)
_HAIR = Material(colour=rgb(0x33251C), grain=0.15)
_WALLS = (
    (0xB5654A, 0xC9B9A3, "bricks"), (0xD8C9A6, 0, "plain"), (0x9FA8A3, 0, "plain"),
    (0xC98F6B, 0, "plain"), (0x8A5A48, 0xB5A794, "bricks"), (0xCFC8BC, 0, "plain"),
)  # fmt: skip


def tree(random: np.random.Generator) -> list[Shape]:
    """A tree 5 to 7 m high."""
    height = random.uniform(2.2, 3.0)
    bark = Material(
        colour=rgb(0x5C4836), accent=rgb(0x3B2E22), texture="patches", period=(0.3, 1.2), grain=0.2
    )
    dark, light = ((0x2F4F23, 0x6E8F3E), (0x35552E, 0x84A052), (0x4A5522, 0x9AA045))[
        random.integers(3)
    ]
    leaves = Material(
        colour=rgb(dark), accent=rgb(light), texture="patches", period=(1.1, 1.1), grain=0.3,
        grain_size=0.03,
    )  # fmt: skip
    crown = [ellipsoid(leaves, (1.3, 1.3, 1.2), 0, 0, height + 1.3)]
    for turn in np.arange(5) * 2.0 * math.pi / 5 + random.uniform(0, 1):
        radius, out = random.uniform(0.7, 1.0), random.uniform(0.7, 1.0)
        z = height + random.uniform(0.4, 1.7)
        x, y = out * math.cos(turn), out * math.sin(turn)
        crown.append(ellipsoid(leaves, (radius, radius, 0.85 * radius), x, y, z))
    return [cylinder(bark, (0.14, height + 0.6), 0, 0, (height + 0.6) / 2), *crown]


def lamp_post() -> list[Shape]:
    """A street lamp 6 m high whose arm points along x."""
    glow = Material(colour=rgb(0xF5EFD9), grain=0.0, emission=0.4)
    return [
        cylinder(_STEEL, (0.12, 0.9), 0, 0, 0.45),
        cylinder(_STEEL, (0.06, 6.0), 0, 0, 3.0),
        posed_cylinder(_STEEL, 0.04, 1.6, pose(0.75, 0, 6.0, pitch=math.pi / 2)),
        box(_STEEL, (0.6, 0.22, 0.1), 1.5, 0, 6.0),
        box(glow, (0.5, 0.18, 0.04), 1.5, 0, 5.94),
    ]


def round_sign() -> list[Shape]:
    """A traffic sign, white in a red ring, that faces along x."""
    red = Material(colour=rgb(0xB8202A), grain=0.02)
    white = Material(colour=rgb(0xF3F1EC), grain=0.02)
    facing = math.pi / 2
    return [
        cylinder(_STEEL, (0.035, 2.6), 0, 0, 1.3),
        posed_cylinder(red, 0.36, 0.03, pose(0.05, 0, 2.4, pitch=facing)),
        posed_cylinder(white, 0.26, 0.04, pose(0.05, 0, 2.4, pitch=facing)),
    ]


def board_sign() -> list[Shape]:
    """A blue direction board on two posts that faces along x."""
    blue = Material(
        colour=rgb(0x1F4E9C), accent=rgb(0xE9EEF5), texture="bands", period=(0.5, 0.4), grain=0.02
    )
    posts = [cylinder(_STEEL, (0.04, 2.4), 0, y, 1.2) for y in (-0.45, 0.45)]
    return [*posts, box(blue, (0.04, 1.4, 0.8), 0.06, 0, 2.2)]


def pedestrian(random: np.random.Generator) -> list[Shape]:
    """A person, walking."""
    coat = Material(colour=rgb(int(random.choice((0x8C2F39, 0x2E5077, 0xC78A2C, 0x4C6444)))))
    trousers = Material(colour=rgb(int(random.choice((0x2B2F3A, 0x5B5346, 0x39465A)))))
    step = random.uniform(0.15, 0.3)
    legs = [
        posed_cylinder(
            trousers, 0.075, 0.86, pose(sign * 0.2, sign * 0.1, 0.43, pitch=-sign * step)
        )
        for sign in (-1, 1)
    ]
    arms = [
        posed_cylinder(coat, 0.05, 0.62, pose(-sign * 0.08, sign * 0.24, 1.15, pitch=sign * step))
        for sign in (-1, 1)
    ]
    return [
        *legs,
        *arms,
        ellipsoid(coat, (0.15, 0.22, 0.36), 0, 0, 1.15),
        ellipsoid(_SKIN, (0.1, 0.085, 0.13), 0.01, 0, 1.64),
        ellipsoid(_HAIR, (0.1, 0.092, 0.1), -0.015, 0, 1.69),
    ]


def bin_and_hydrant() -> list[Shape]:
    """A litter bin beside a hydrant."""
    green = Material(
        colour=rgb(0x2F5B43), accent=rgb(0x24473A), texture="stripes", period=(0.08, 1.0)
    )
    red = Material(colour=rgb(0xB5342B))
    return [
        cylinder(green, (0.25, 0.9), 0, 0, 0.45),
        cylinder(_STEEL, (0.27, 0.05), 0, 0, 0.92),
        cylinder(red, (0.11, 0.7), 1.1, 0, 0.35),
        ellipsoid(red, (0.13, 0.13, 0.13), 1.1, 0, 0.72),
    ]


def house(random: np.random.Generator, length: float, storeys: int) -> list[Shape]:
    """A house whose front lies at x = 0 and faces along x; ``length`` metres along y."""
    colour, accent, texture = _WALLS[random.integers(len(_WALLS))]
    storey, depth = 3.1, 10.0
    height, columns = storeys * storey, max(2, round(length / 2.6))
    windows = Material(
        colour=rgb(colour), accent=rgb(0x3A4A57), texture="facade",
        period=(length / columns, storey), grain=0.07, grain_size=0.03,
    )  # fmt: skip
    base = Material(
        colour=rgb(colour if texture == "bricks" else 0x8F8A82), accent=rgb(accent or 0x6E6A63),
        texture="bricks", period=(0.5, 0.22), grain=0.05,
    )  # fmt: skip
    roof = Material(
        colour=rgb(0x6A3B2E), accent=rgb(0x3F2620), texture="bands", period=(1, 0.3), grain=0.1
    )
    door = Material(colour=rgb(int(random.choice((0x5A3324, 0x27473E, 0x39405A)))))
    glass = Material(
        colour=rgb(0x2F3B44), accent=rgb(0x9A8E7C), texture="tiles", period=(1.3, 1.75), grain=0.2
    )
    awning = Material(
        colour=rgb(int(random.choice((0xB04A3A, 0x3F6B54, 0x41608A)))), accent=rgb(0xEDE8DA),
        texture="stripes", period=(0.5, 1.0),
    )  # fmt: skip
    side = 1.0 if random.random() < 0.5 else -1.0
    upper = box(windows, (depth, length, height), -depth / 2, 0, storey + height / 2)
    shapes = [
        upper,
        box(base, (depth + 0.1, length, storey), -depth / 2, 0, storey / 2),
        box(roof, (depth + 0.6, length + 0.2, 0.35), -depth / 2, 0, storey + height + 0.17),
        box(door, (0.1, 1.1, 2.2), 0.03, side * length * 0.3, 1.1),
        box(glass, (0.1, length * 0.4, 1.7), 0.03, -side * length * 0.2, 1.45),
    ]
    if random.random() < 0.6:
        cover = pose(0.55, -side * length * 0.2, 2.65, pitch=0.35)
        size = (0.65, length * 0.22, 0.03)
        shapes.append(Shape(kind="box", size=size, world_from_shape=cover, material=awning))
    return shapes
