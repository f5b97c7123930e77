# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A furnished room of about 6 by 5 metres."""

from __future__ import annotations

import math

import numpy as np

from depth_completion_core.data.synthetic import furniture, wall_fittings
from depth_completion_core.data.synthetic.poses import pose, upright
from depth_completion_core.data.synthetic.shading import Light, Lighting
from depth_completion_core.data.synthetic.shapes import (
    Material,
    SceneObject,
    box,
    ellipsoid,
    placed,
    rgb,
    sheet,
)
from depth_completion_core.data.synthetic.trajectory import Trajectory, Wave
from depth_completion_core.data.synthetic.world import World

_X, _Y, _HEIGHT = 3.0, 2.5, 2.7
_WALLPAPERS = ((0xC9D3C6, 0xB9C6B7), (0xCBD3DA, 0xBBC6CF), (0xE3D3B4, 0xD8C5A1))
_PAINTS = (0xE4DCCB, 0xDCE0DF, 0xE6D8CC)
_SOFAS = (0x4F6D7A, 0x7A5C4F, 0x5B6B4A)
_WOODS = (0x9A6B42, 0xB98B5B, 0x7C5232)


def build_room(seed: int) -> World:
    """The room; the seed moves the furniture a little, and draws colours, books and plants."""
    random = np.random.default_rng([seed, 1])
    objects = (*_shell(random), *_on_walls(random), *_standing(random), *_dining(random))
    return World(objects=objects, lighting=_lighting(), trajectory=_walk(random))


def _shell(random: np.random.Generator) -> list[SceneObject]:
    """Walls, floor and ceiling; each an object of its own, since each fills the room."""
    paint = Material(colour=rgb(int(random.choice(_PAINTS))), grain=0.035, grain_size=0.02)
    colour, accent = _WALLPAPERS[random.integers(len(_WALLPAPERS))]
    paper = Material(
        colour=rgb(colour), accent=rgb(accent), texture="stripes", period=(0.22, 1), grain=0.03
    )
    floor = Material(
        colour=rgb(0xB08659), accent=rgb(0x4A3220), texture="planks", period=(1.6, 0.14), grain=0.05
    )
    ceiling = Material(colour=rgb(0xF1EFEA), grain=0.02, grain_size=0.03)
    middle = _HEIGHT / 2
    walls = [
        sheet(paper, 2 * _Y, _HEIGHT, upright(_X, 0, middle, yaw=math.pi)),
        sheet(paint, 2 * _Y, _HEIGHT, upright(-_X, 0, middle, yaw=0.0)),
        sheet(paint, 2 * _X, _HEIGHT, upright(0, _Y, middle, yaw=-math.pi / 2)),
        sheet(paint, 2 * _X, _HEIGHT, upright(0, -_Y, middle, yaw=math.pi / 2)),
        sheet(floor, 2 * _X, 2 * _Y, pose()),
        sheet(ceiling, 2 * _X, 2 * _Y, pose(z=_HEIGHT)),
    ]
    return [[wall] for wall in walls]


def _on_walls(random: np.random.Generator) -> list[SceneObject]:
    back, left, right = math.pi, -math.pi / 2, math.pi / 2
    shift = random.uniform(-0.1, 0.1, 3)
    skirting = Material(colour=rgb(0xEFEDE6), grain=0.02)
    boards = [
        [box(skirting, (0.015, 2 * _Y, 0.09), _X - 0.008, 0, 0.045)],
        [box(skirting, (2 * _X, 0.015, 0.09), 0, _Y - 0.008, 0.045)],
        [box(skirting, (2 * _X, 0.015, 0.09), 0, -_Y + 0.008, 0.045)],
    ]
    return [
        placed(wall_fittings.window(), pose(0.6 + shift[0], _Y, 1.5, yaw=left)),
        placed(wall_fittings.door(), pose(-1.9, -_Y, 0, yaw=right)),
        placed(
            wall_fittings.picture(0.95, 0.65, 0x3B2B20, 0x35536B, 0xD9A25F),
            pose(_X, -0.45 + shift[1], 1.65, yaw=back),
        ),
        placed(
            wall_fittings.picture(0.4, 0.5, 0x1F1F22, 0x8A3B3B, 0xE9DEC4),
            pose(0.1 + shift[2], -_Y, 1.7, yaw=right),
        ),
        placed(
            wall_fittings.picture(0.4, 0.5, 0x1F1F22, 0x3F6650, 0xE8E2C9),
            pose(0.85 + shift[2], -_Y, 1.7, yaw=right),
        ),
        *boards,
    ]


def _standing(random: np.random.Generator) -> list[SceneObject]:
    shift = random.uniform(-0.08, 0.08, 6)
    fabric = furniture.cloth(int(random.choice(_SOFAS)))
    pillows = (furniture.cloth(0xD9A441), furniture.cloth(0xE6DED0, 0xB4533C))
    wood = furniture.wood(int(random.choice(_WOODS)))
    shelf = furniture.shelf(wood, random)
    at_shelf = pose(_X - 0.17, 1.35 + shift[0], 0, yaw=math.pi)
    at_sofa = pose(0.55 + shift[1], -_Y + 0.5, 0, yaw=math.pi / 2)
    bulb = Material(colour=rgb(0xFFF8E8), grain=0.0, emission=2.0)
    pendant = ellipsoid(bulb, (0.17, 0.17, 0.13), 0.2, 0.1, _HEIGHT - 0.1)
    return [
        *(placed(part, at_shelf) for part in shelf),
        placed(furniture.sofa(fabric, pillows), at_sofa),
        placed(furniture.floor_lamp(), pose(2.3 + shift[2], -2.0, 0)),
        placed(furniture.plant(random), pose(2.55, 0.25 + shift[3], 0)),
        placed(furniture.plant(random, 0.9), pose(-0.9, _Y - 0.35, 0)),
        placed(furniture.sideboard(wood), pose(-_X + 0.25, 0.4 + shift[4], 0)),
        placed([pendant], pose()),
    ]


def _dining(random: np.random.Generator) -> list[SceneObject]:
    wood = furniture.wood(int(random.choice(_WOODS)))
    at_table = pose(1.1, 0.55, 0, yaw=random.uniform(-0.2, 0.2))
    seat = furniture.cloth(0x8C4A3A)
    chairs = ((0.05, -0.72, 1.5), (-0.98, 0.1, 0.1), (0.3, 0.74, -1.7))
    return [
        placed(furniture.rug(2.6, 1.9, 0x7A2F2F, 0xC9B48A), pose(1.0, 0.1, 0)),
        placed(furniture.table(wood), at_table),
        placed(furniture.tableware(random), at_table @ pose(z=0.74)),
        *(
            placed(
                furniture.chair(wood, seat),
                at_table @ pose(x, y, 0, yaw=yaw + random.uniform(-0.3, 0.3)),
            )
            for x, y, yaw in chairs
        ),
    ]


def _lighting() -> Lighting:
    return Lighting(
        from_above=(0.42, 0.42, 0.44),
        from_below=(0.24, 0.21, 0.18),
        lights=(
            Light(position=(0.2, 0.1, _HEIGHT - 0.32), colour=(1.0, 0.93, 0.8), full_at_m=2.4),
            Light(
                position=(0.6, _Y - 0.25, 1.55),
                colour=(0.38, 0.45, 0.55),
                full_at_m=2.0,
                casts_shadow=False,
            ),
            Light(
                position=(2.3, -2.0, 1.75),
                colour=(0.42, 0.3, 0.15),
                full_at_m=0.9,
                casts_shadow=False,
            ),
        ),
        exposure=1.25,
    )


def _walk(random: np.random.Generator) -> Trajectory:
    phases = random.uniform(0.0, 2.0 * math.pi, 4)
    return Trajectory(
        start=(-1.75, -0.1, 0.0),
        waves=(
            Wave("x", 0.35, 9.0, phases[0]),
            Wave("y", 0.7, 7.0, phases[1]),
            Wave("z", 0.012, 1.1, phases[2]),
            Wave("yaw", 0.4, 8.0, phases[3]),
            Wave("roll", 0.012, 2.3),
            Wave("pitch", 0.018, 1.7),
        ),
    )
