# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Furniture from primitives. Each piece stands on its own origin and faces along its x axis."""

from __future__ import annotations

import numpy as np

from depth_completion_core.data.synthetic.poses import pose
from depth_completion_core.data.synthetic.shapes import (
    Material,
    Shape,
    box,
    cylinder,
    ellipsoid,
    rgb,
    sheet,
)

_BOOK_COLOURS = (
    0x7A2E2E, 0x2E4A7A, 0x2F6B4F, 0xC9A24B, 0x5B3A6B, 0xB5562F, 0x3A3F46, 0xD8CBB0, 0x8C9AA8,
    0x9B3F52,
)  # fmt: skip
_STEEL = Material(colour=rgb(0x9A9DA1), grain=0.03)
_BLACK = Material(colour=rgb(0x232428), grain=0.05)
_WHITE = Material(colour=rgb(0xEFEDE6), grain=0.03)


def wood(colour: int) -> Material:
    """Furniture of boards."""
    return Material(
        colour=rgb(colour), accent=rgb(0x3A2718), texture="planks", period=(2.4, 0.16), grain=0.04
    )


def cloth(colour: int, accent: int | None = None) -> Material:
    """Woven cloth, with stripes where there is an accent."""
    return Material(
        colour=rgb(colour),
        accent=rgb(accent or 0),
        texture="plain" if accent is None else "stripes",
        period=(0.12, 0.12),
        grain=0.12,
        grain_size=0.004,
    )


def table(material: Material, length: float = 1.5, width: float = 0.85) -> list[Shape]:
    """A table of full length along x, 0.74 m high."""
    dx, dy = length / 2 - 0.08, width / 2 - 0.08
    legs = [cylinder(material, (0.03, 0.70), x, y, 0.35) for x in (-dx, dx) for y in (-dy, dy)]
    apron = box(material, (length - 0.16, width - 0.16, 0.08), 0, 0, 0.66)
    return [box(material, (length, width, 0.04), 0, 0, 0.72), apron, *legs]


def tableware(random: np.random.Generator) -> list[Shape]:
    """A vase with flowers, a bowl of fruit, mugs and a laptop; stands on a table's top."""
    vase = Material(
        colour=rgb(0x3F6F8C), accent=rgb(0xE9E4D4), texture="bands", period=(0.05, 0.05)
    )
    fruit = [Material(colour=rgb(code)) for code in (0xD9822B, 0xC0392B, 0x9CB33B)]
    flowers = [
        ellipsoid(
            Material(colour=rgb(code), grain=0.2, grain_size=0.005),
            (0.05, 0.05, 0.045),
            0.05 + random.uniform(-0.07, 0.07),
            0.2 + random.uniform(-0.07, 0.07),
            0.33 + random.uniform(0, 0.08),
        )
        for code in (0xD95D79, 0xE8C33C, 0xD95D79)
    ]
    mugs = [
        cylinder(Material(colour=rgb(code)), (0.042, 0.1), x, y, 0.05)
        for code, x, y in ((0xB33A3A, -0.45, 0.15), (0xE7E2D6, -0.22, 0.27))
    ]
    bowl = ellipsoid(Material(colour=rgb(0xD8D2C2), grain=0.1), (0.15, 0.15, 0.06), 0.4, 0.05, 0.06)
    fruits = [
        ellipsoid(material, (0.045, 0.045, 0.045), 0.4 + dx, 0.05 + dy, 0.13)
        for material, dx, dy in zip(fruit, (-0.05, 0.05, 0.0), (-0.03, -0.02, 0.06), strict=True)
    ]
    return [
        cylinder(vase, (0.05, 0.26), 0.05, 0.2, 0.13),
        *flowers,
        *mugs,
        bowl,
        *fruits,
        *_laptop(),
    ]


def _laptop() -> list[Shape]:
    screen = Material(
        colour=rgb(0x27507F),
        accent=rgb(0xCFE3F5),
        texture="painting",
        period=(0.3, 0.3),
        emission=0.5,
    )
    lid = pose(-0.06, -0.2, 0.13, pitch=-0.25)
    return [
        box(_STEEL, (0.24, 0.34, 0.018), -0.2, -0.2, 0.009),
        Shape(kind="box", size=(0.006, 0.17, 0.115), world_from_shape=lid, material=screen),
    ]


def chair(material: Material, seat: Material) -> list[Shape]:
    """A chair with a back of two slats."""
    rear = [box(material, (0.035, 0.035, 0.92), -0.2, y, 0.46) for y in (-0.19, 0.19)]
    front = [box(material, (0.035, 0.035, 0.43), 0.19, y, 0.215) for y in (-0.19, 0.19)]
    slats = [
        box(material, (0.025, 0.36, height), -0.2, 0, z)
        for height, z in ((0.14, 0.83), (0.07, 0.64))
    ]
    return [box(seat, (0.44, 0.43, 0.045), 0, 0, 0.45), *rear, *front, *slats]


def shelf(material: Material, random: np.random.Generator) -> list[list[Shape]]:
    """A bookshelf 1.3 m wide and 2 m high: its boards, and the things on each."""
    width, depth, height = 1.3, 0.3, 2.0
    sides = [box(material, (depth, 0.03, height), 0, y, height / 2) for y in (-0.65, 0.65)]
    back = box(material, (0.012, width, height), -depth / 2, 0, height / 2)
    levels = (0.06, 0.52, 0.98, 1.42, 1.98)
    boards = [box(material, (depth, width, 0.03), 0, 0, z) for z in levels]
    things = [_on_board(random, z + 0.015) for z in levels[:-1]]
    return [[*sides, back, *boards], *things]


def _on_board(random: np.random.Generator, z: float) -> list[Shape]:
    """Books from one end, then a box, a vase or a ball."""
    shapes: list[Shape] = []
    y = -0.6
    while y < random.uniform(0.05, 0.35):
        thickness, height = random.uniform(0.03, 0.075), random.uniform(0.22, 0.34)
        code = int(random.choice(_BOOK_COLOURS))
        cover = Material(
            colour=rgb(code),
            accent=rgb(code // 2 & 0x7F7F7F),
            texture="bands" if random.random() < 0.4 else "plain",
            period=(0.16, 0.16),
        )
        x = random.uniform(-0.03, 0.03)
        shapes.append(box(cover, (0.2, thickness, height), x, y + thickness / 2, z + height / 2))
        y += thickness + 0.004
    code = int(random.choice(_BOOK_COLOURS))
    choice = int(random.integers(3))
    if choice == 0:
        crate = Material(
            colour=rgb(code), accent=rgb(0xE8E0CC), texture="checker", period=(0.05, 0.05)
        )
        shapes.append(box(crate, (0.22, 0.26, 0.2), 0, 0.45, z + 0.1))
    elif choice == 1:
        shapes.append(cylinder(Material(colour=rgb(code)), (0.07, 0.24), 0, 0.45, z + 0.12))
    else:
        shapes.append(ellipsoid(Material(colour=rgb(code)), (0.11, 0.11, 0.11), 0, 0.45, z + 0.11))
    return shapes


def sofa(fabric: Material, pillows: tuple[Material, Material]) -> list[Shape]:
    """A sofa for two, 1.9 m wide."""
    arms = [box(fabric, (0.85, 0.18, 0.6), 0, y, 0.33) for y in (-0.86, 0.86)]
    seats = [box(fabric, (0.7, 0.755, 0.16), 0.05, y, 0.42) for y in (-0.385, 0.385)]
    soft = [
        ellipsoid(pillow, (0.1, 0.22, 0.22), -0.16, y, 0.68, yaw=yaw)
        for pillow, y, yaw in zip(pillows, (-0.5, 0.5), (0.3, -0.3), strict=True)
    ]
    back = box(fabric, (0.22, 1.6, 0.8), -0.32, 0, 0.43)
    return [box(fabric, (0.8, 1.6, 0.3), 0, 0, 0.19), back, *arms, *seats, *soft]


def floor_lamp() -> list[Shape]:
    """A lamp on a stand, 1.6 m high, with a shade and a bulb above it."""
    shade = Material(colour=rgb(0xF4DDA6), grain=0.04, emission=0.75)
    bulb = Material(colour=rgb(0xFFF6DC), grain=0.0, emission=3.0)
    return [
        cylinder(_BLACK, (0.15, 0.03), 0, 0, 0.015),
        cylinder(_STEEL, (0.014, 1.4), 0, 0, 0.72),
        cylinder(shade, (0.19, 0.26), 0, 0, 1.47),
        ellipsoid(bulb, (0.06, 0.06, 0.06), 0, 0, 1.63),
    ]


def plant(random: np.random.Generator, height: float = 1.3) -> list[Shape]:
    """A potted plant with leaves in balls."""
    pot = Material(colour=rgb(0xA65F3E), accent=rgb(0x8A4B30), texture="bands", period=(0.2, 0.12))
    leaves = Material(
        colour=rgb(0x2E5B2C),
        accent=rgb(0x7FA650),
        texture="patches",
        period=(0.25, 0.25),
        grain=0.2,
    )
    crown = []
    for _ in range(7):
        x, y = random.uniform(-0.18, 0.18, 2)
        z = random.uniform(0.6, 1.0) * height
        flat = random.uniform(0.12, 0.2)
        crown.append(ellipsoid(leaves, (flat, flat, 0.8 * flat), x, y, z))
    stem = cylinder(Material(colour=rgb(0x5B4630)), (0.025, 0.6 * height), 0, 0, 0.4 * height)
    return [cylinder(pot, (0.19, 0.34), 0, 0, 0.17), stem, *crown]


def sideboard(material: Material) -> list[Shape]:
    """A low cupboard with a television on it."""
    screen = Material(
        colour=rgb(0x14181F), accent=rgb(0x2F3B4A), texture="painting", period=(0.9, 0.5),
        emission=0.3,
    )  # fmt: skip
    doors = [box(_WHITE, (0.43, 0.48, 0.44), 0.01, y, 0.3) for y in (-0.52, 0.0, 0.52)]
    return [
        box(material, (0.42, 1.66, 0.5), 0, 0, 0.29),
        *doors,
        box(_BLACK, (0.2, 0.5, 0.02), 0, 0, 0.55),
        box(_BLACK, (0.05, 0.1, 0.12), -0.05, 0, 0.6),
        box(_BLACK, (0.05, 1.14, 0.68), -0.05, 0, 0.97),
        box(screen, (0.054, 1.08, 0.62), -0.05, 0, 0.97),
    ]


def rug(width: float, height: float, colour: int, accent: int) -> list[Shape]:
    """A carpet 12 mm thick with a checkered field."""
    border = cloth(colour)
    field = Material(
        colour=rgb(accent), accent=rgb(colour), texture="checker", period=(0.2, 0.2), grain=0.15,
        grain_size=0.005,
    )  # fmt: skip
    inner = sheet(field, width - 0.3, height - 0.3, pose(0, 0, 0.0125))
    return [box(border, (width, height, 0.012), 0, 0, 0.006), inner]
