# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A street 220 metres long between houses, with parked cars, trees and people."""

from __future__ import annotations

import math

import numpy as np

from depth_completion_core.data.synthetic import street_furniture, vehicles
from depth_completion_core.data.synthetic.poses import pose
from depth_completion_core.data.synthetic.shading import Light, Lighting
from depth_completion_core.data.synthetic.shapes import (
    Material,
    SceneObject,
    Shape,
    box,
    placed,
    rgb,
    sheet,
)
from depth_completion_core.data.synthetic.trajectory import Trajectory, Wave
from depth_completion_core.data.synthetic.world import World

_START, _END = -45.0, 175.0
_HALF_ROAD, _PAVEMENT, _KERB = 5.6, 3.2, 0.13
_PARKED_AT, _WALK_AT, _TREE_AT = 4.55, 7.6, 6.3
_CARS = (0xA3252B, 0x23406B, 0xD7D9DB, 0x2F3236, 0x8A949E, 0x3C5E4C, 0xC7B07A, 0xEDEBE4)


def build_street(seed: int) -> World:
    """The street; the seed draws the houses, who parks where, and all colours."""
    random = np.random.default_rng([seed, 3])
    objects: list[SceneObject] = _ground()
    for side in (-1, 1):
        objects += _houses(random, side)
        objects += _parked(random, side)
        objects += _along_kerb(random, side)
        objects += _people(random, side)
    oncoming = placed(vehicles.car(int(random.choice(_CARS))), pose(70, 1.85, 0, yaw=math.pi))
    return World(
        objects=(*objects, oncoming, *_far_end(random)),
        lighting=_lighting(),
        trajectory=_lane(random),
    )


def _ground() -> list[SceneObject]:
    """Asphalt and pavements; each an object of its own, since each is as long as the street."""
    length, middle = _END - _START, 0.5 * (_START + _END)
    asphalt = Material(
        colour=rgb(0x5E6064), accent=rgb(0xE4E3DC), texture="road", period=(6.0, _HALF_ROAD),
        grain=0.14, grain_size=0.03,
    )  # fmt: skip
    slabs = Material(
        colour=rgb(0xA39D92), accent=rgb(0x6F6A62), texture="tiles", period=(0.6, 0.6), grain=0.07,
        grain_size=0.02,
    )  # fmt: skip
    kerb = Material(
        colour=rgb(0xBDB9B0), accent=rgb(0x77736B), texture="tiles", period=(1.0, 9.0), grain=0.06
    )
    zebra = Material(
        colour=rgb(0x5E6064), accent=rgb(0xDFDED8), texture="bands", period=(1.0, 1.0), grain=0.08,
        grain_size=0.02,
    )  # fmt: skip
    lawn = Material(
        colour=rgb(0x5F6B42), accent=rgb(0x7F8453), texture="patches", period=(6, 6), grain=0.1
    )
    shapes: list[Shape] = [
        sheet(asphalt, length, 2 * _HALF_ROAD, pose(middle)),
        sheet(zebra, 3.2, 2 * _HALF_ROAD, pose(26.0, 0, 0.004)),
        sheet(lawn, 500.0, 500.0, pose(middle, 0, -0.02)),
    ]
    for side in (-1, 1):
        y = side * (_HALF_ROAD + 0.15 + _PAVEMENT / 2)
        shapes.append(box(slabs, (length, _PAVEMENT, _KERB), middle, y, _KERB / 2))
        edge = side * (_HALF_ROAD + 0.075)
        shapes.append(box(kerb, (length, 0.15, _KERB), middle, edge, _KERB / 2))
    return [[shape] for shape in shapes]


def _houses(random: np.random.Generator, side: int) -> list[SceneObject]:
    houses = []
    x = _START
    while x < _END - 8:
        length = random.uniform(9.0, 17.0)
        setback = random.choice((0.0, 0.0, 0.6, 1.2))
        y = side * (_HALF_ROAD + 0.15 + _PAVEMENT + setback)
        front = pose(x + length / 2, y, 0, yaw=-side * math.pi / 2)
        houses.append(
            placed(street_furniture.house(random, length, int(random.integers(1, 4))), front)
        )
        x += length + (random.uniform(2.0, 5.0) if random.random() < 0.3 else 0.02)
    return houses


def _parked(random: np.random.Generator, side: int) -> list[SceneObject]:
    """Cars in the direction of traffic, with gaps; the pedestrian crossing stays free."""
    cars = []
    x = random.uniform(-12.0, -6.0)
    while x < _END - 20:
        if random.random() < 0.55 and abs(x - 26.0) > 5.0:
            build = vehicles.van if random.random() < 0.15 else vehicles.car
            yaw = (0.0 if side < 0 else math.pi) + random.uniform(-0.04, 0.04)
            y = side * (_PARKED_AT + random.uniform(-0.1, 0.1))
            cars.append(placed(build(int(random.choice(_CARS))), pose(x, y, 0, yaw=yaw)))
        x += random.uniform(5.6, 7.5)
    return cars


def _along_kerb(random: np.random.Generator, side: int) -> list[SceneObject]:
    objects = []
    inward = -side * math.pi / 2
    towards_traffic = math.pi if side < 0 else 0.0
    x = random.uniform(-8.0, 0.0)
    while x < _END - 15:
        at = (x + random.uniform(-0.5, 0.5), side * _TREE_AT, _KERB)
        kind = random.choice(("tree", "tree", "lamp", "sign", "board", "bin"))
        if kind == "tree":
            objects.append(placed(street_furniture.tree(random), pose(*at)))
        elif kind == "lamp":
            objects.append(placed(street_furniture.lamp_post(), pose(*at, yaw=inward)))
        elif kind == "sign":
            objects.append(placed(street_furniture.round_sign(), pose(*at, yaw=towards_traffic)))
        elif kind == "board":
            objects.append(placed(street_furniture.board_sign(), pose(*at, yaw=towards_traffic)))
        else:
            objects.append(placed(street_furniture.bin_and_hydrant(), pose(*at)))
        x += random.uniform(5.5, 9.0)
    return objects


def _people(random: np.random.Generator, side: int) -> list[SceneObject]:
    people = []
    for x in (11.0, 24.5, 48.0, 80.0, 115.0):
        y = side * (_WALK_AT + random.uniform(-0.5, 0.5))
        yaw = float(random.choice((0.0, math.pi))) + random.uniform(-0.3, 0.3)
        at = pose(x + random.uniform(-3, 3), y, _KERB, yaw=yaw)
        people.append(placed(street_furniture.pedestrian(random), at))
    return people


def _far_end(random: np.random.Generator) -> list[SceneObject]:
    """Houses across both ends, so that the street does not run into nothing."""
    return [
        placed(street_furniture.house(random, 26.0, 3), pose(_END + 8, 0, 0, yaw=math.pi)),
        placed(street_furniture.house(random, 26.0, 2), pose(_START - 8, 0, 0)),
    ]


def _lighting() -> Lighting:
    return Lighting(
        from_above=(0.3, 0.36, 0.46),
        from_below=(0.2, 0.19, 0.17),
        lights=(Light(position=(-70.0, 190.0, 210.0), colour=(1.75, 1.58, 1.3)),),
        haze_m=650.0,
        exposure=1.35,
    )


def _lane(random: np.random.Generator) -> Trajectory:
    """On the right lane at 6 m/s, swaying; the heading follows the path."""
    sway, period, speed = 0.25, 9.0, 6.0
    phase = random.uniform(0.0, 2.0 * math.pi)
    heading = sway * 2.0 * math.pi / period / speed
    return Trajectory(
        start=(0.0, -1.75, 0.0),
        velocity=(speed, 0.0, 0.0),
        waves=(
            Wave("x", 1.2, 8.0),
            Wave("y", sway, period, phase),
            Wave("yaw", heading, period, phase + math.pi / 2),
            Wave("z", 0.012, 0.9),
            Wave("pitch", 0.006, 1.3),
            Wave("roll", 0.005, 1.9),
        ),
    )
