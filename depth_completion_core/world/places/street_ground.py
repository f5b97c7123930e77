# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ground, pavements, houses and wires of a street along x."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from depth_completion_core.world.objects.parts import Part, box, plate, rod, turn
from depth_completion_core.world.scene import SceneBuilder

LENGTH_M = 110.0
"""How far a street goes on, in both directions."""

_ASPHALT = (0.07, 0.07, 0.072)
_QUARTER = math.pi / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """Half widths of its bands, metres from the middle line.

    Attributes:
        road: to the kerb.
        pavement: to the houses or gardens.
        kerb: height of the pavement.
    """

    road: float
    pavement: float
    kerb: float


def draw_street(random: np.random.Generator) -> Street:
    """From a lane to an avenue."""
    road = random.uniform(2.5, 7.0)
    return Street(
        road=road, pavement=road + random.uniform(1.2, 5.0), kerb=random.uniform(0.04, 0.18)
    )


def build_ground(builder: SceneBuilder, street: Street) -> None:
    """Road with markings, pavements, houses and wires."""
    random, palette = builder.random, builder.palette
    road, pavement = palette.fixed(_ASPHALT), palette.new(calm=0.7)
    verge, paint = palette.fixed((0.09, 0.13, 0.05)), palette.fixed((0.6, 0.6, 0.55), grain=0.1)
    builder.shared += [road, pavement]
    parts = [plate(2 * LENGTH_M, 60.0, (0, 0, -0.02), slot=2)._replace(shadow=False)]
    parts.append(plate(LENGTH_M, street.road, (0, 0, 0), slot=0)._replace(shadow=False))
    wide = street.pavement - street.road
    for side in (-1, 1):
        middle = side * (street.road + wide / 2)
        parts.append(box((2 * LENGTH_M, wide, street.kerb), 0, middle, street.kerb / 2, 1))
    dash, gap = random.uniform(1.5, 4.0), random.uniform(2.0, 6.0)
    if random.random() < 0.75:
        parts += [
            plate(dash / 2, 0.07, (x, 0, 0.004), slot=3)._replace(shadow=False)
            for x in np.arange(-20, 90, dash + gap).tolist()
        ]
    if random.random() < 0.4:
        cross = random.uniform(4, 30)
        parts += [
            plate(1.6, 0.25, (cross, y, 0.005), slot=3)._replace(shadow=False)
            for y in np.arange(-street.road + 0.4, street.road - 0.3, 1.0).tolist()
        ]
    if random.random() < 0.3:
        parts += _wires(random, street)
    builder.structure(parts, [road, pavement, verge, paint])
    for side in (-1, 1):
        _houses(builder, street, side)


def _wires(random: np.random.Generator, street: Street) -> list[Part]:
    high = random.uniform(5.0, 7.5)
    parts = []
    for _ in range(int(random.integers(2, 6))):
        y, z = random.uniform(-1, 1) * street.pavement, high + random.normal(0, 0.2)
        parts.append(rod((-30.0, y, z), (100.0, y + random.normal(0, 1), z), 0.015, 0))
    return parts


def _houses(builder: SceneBuilder, street: Street, side: int) -> None:
    """A row of houses with gaps, closed or loose."""
    random, palette = builder.random, builder.palette
    x, gap_share = -25.0, random.choice([0.05, 0.3, 0.8])
    depth_shift = random.choice([0.0, random.uniform(1, 6)])
    while x < LENGTH_M:
        long = random.uniform(5.0, 16.0)
        if random.random() > gap_share:
            walls = palette.new(calm=0.7, scale=2.0)
            if random.random() < 0.8 * builder.share:
                walls = int(random.choice(builder.shared))
            glass = palette.new(calm=0.9, emission=random.choice([0.0, 0.0, 0.6]))
            front = side * (
                street.pavement + depth_shift + random.choice([0.0, random.uniform(0, 2)])
            )
            parts = _house(random, (x + long / 2, front), long, side)
            trim = walls if random.random() < builder.share + 0.1 else palette.new(calm=0.8)
            builder.structure(parts, [walls, glass, trim, palette.new(calm=0.4)])
        x += long + random.choice([0.0, random.uniform(0.5, 6.0)])


def _house(
    random: np.random.Generator, place: tuple[float, float], long: float, side: int
) -> list[Part]:
    """A block with rows of windows, a door, ledges, balconies and a roof."""
    x, front = place
    storey, storeys = random.uniform(2.7, 3.5), int(random.integers(1, 6))
    high, deep = storey * storeys, random.uniform(6, 12)
    middle = front + side * deep / 2
    parts = [box((long, deep, high), x, middle, high / 2)]
    columns = max(int(long / random.uniform(1.8, 3.5)), 1)
    w, h = random.uniform(0.8, 1.4), random.uniform(1.0, 1.7)
    door, balconies = int(random.integers(columns)), random.random() < 0.3
    for row in range(storeys):
        for column in range(columns):
            at = x + ((column + 0.5) / columns - 0.5) * long
            z = row * storey + 0.55 * storey
            if row == 0 and column == door:
                parts.append(box((1.0, 0.12, 2.1), at, front, 1.05, 3))
                continue
            parts.append(box((w, 0.06, h), at, front, z, 1))
            parts.append(box((w + 0.25, 0.3, 0.08), at, front, z - h / 2 - 0.04, 2))
            parts += [box((0.1, 0.16, h), at + s * w / 2, front, z, 2) for s in (-1, 1)]
            if balconies and row > 0 and column % 2 == 0:
                parts.append(box((w + 0.8, 1.8, 0.12), at, front, row * storey + 0.1, 2))
                parts.append(
                    box((w + 0.8, 0.04, 0.9), at, front - side * 0.88, row * storey + 0.6, 3)
                )
    parts.append(box((long, deep * 0.04 + 0.3, 0.25), x, front, high, 2))
    if random.random() < 0.5:
        pitch, half = random.uniform(0.4, 0.8), deep / 2 + 0.3
        for face in (-1, 1):
            slope = turn(roll=-face * pitch)
            ridge = (x, middle + face * half / 2, high + half / 2 * math.tan(pitch))
            parts.append(plate(long / 2, half / 2 / math.cos(pitch), ridge, slope, 3))
    return parts
