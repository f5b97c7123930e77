# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Streets."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from depth_completion_core.world.looks.materials import Palette
from depth_completion_core.world.objects.family import Family
from depth_completion_core.world.objects.parts import turn
from depth_completion_core.world.places.street_ground import Street, build_ground, draw_street
from depth_completion_core.world.places.viewpoint import draw_camera, looking
from depth_completion_core.world.scene import (
    Lamp,
    Light,
    SceneBuilder,
    WorldScene,
    draw_share,
    scaled_table,
)

_FIELD_DEG = (28.0, 70.0)
_FAR_M = 100.0
_CLEAR_M = 0.8
_MOST_TREES = 14
_VEHICLES = ("car", "van")
_TALL = ("tree", "street_lamp", "sign", "traffic_light")


def build_street(
    random: np.random.Generator, families: Mapping[str, Family], height: int, width: int
) -> WorldScene:
    """Draw a street along x, and a camera on the road or the pavement.

    Args:
        random: random generator.
        families: what may stand there.
        height: of the image, pixels.
        width: of the image, pixels.
    """
    street = draw_street(random)
    builder = SceneBuilder(random, Palette(random))
    builder.share = draw_share(random)
    build_ground(builder, street)
    on_road = random.random() < 0.65
    eye_y = random.uniform(-0.8, 0.8) * street.road if on_road else (
        random.choice([-1, 1]) * random.uniform(street.road + 0.3, street.pavement - 0.3)
    )  # fmt: skip
    eye = np.array([0.0, eye_y, random.uniform(1.0, 2.2)])
    _Furnisher(builder, families, street, eye_y).furnish()
    yaw = random.normal(-0.12 * math.copysign(1.0, eye_y), 0.2)
    world_from_camera = looking(eye, yaw, random.normal(-2.0, 5.0), random.normal(0.0, 2.0))
    return WorldScene(
        kind="street",
        table=builder.table(),
        materials=builder.palette.array(),
        families=tuple(builder.families),
        supported=np.array(builder.supported, np.bool_),
        light=_light(random),
        camera=draw_camera(random, height, width, _FIELD_DEG),
        world_from_camera=world_from_camera,
        far_m=_FAR_M,
    )


def _light(random: np.random.Generator) -> Light:
    """Sun or overcast, with haze."""
    azimuth, height = random.uniform(0, 2 * math.pi), random.uniform(0.25, 1.2)
    away = 400.0
    level = away * math.cos(height)
    sun = (level * math.cos(azimuth), level * math.sin(azimuth), away * math.sin(height))
    strength = random.choice([0.0, random.uniform(0.7, 1.6)], p=[0.25, 0.75])
    low = 1.0 - height / 1.2
    colour = (strength, strength * (1 - 0.15 * low), strength * (1 - 0.35 * low))
    ambient = random.uniform(0.25, 0.5) if strength > 0 else random.uniform(0.6, 0.9)
    sky = (0.32, 0.5, 0.85) if strength > 0 else (0.75, 0.78, 0.8)
    return Light(
        lamps=(Lamp(position=sun, colour=colour, half_at_m=math.inf),),
        above=(ambient * 0.9, ambient * 0.97, ambient * 1.1),
        below=(ambient * 0.45, ambient * 0.42, ambient * 0.4),
        sky=sky,
        haze_m=float(np.exp(random.uniform(math.log(120), math.log(900)))),
    )


class _Furnisher:
    """Puts vehicles on the road and things on the pavements."""

    def __init__(
        self, builder: SceneBuilder, families: Mapping[str, Family], street: Street, eye_y: float
    ) -> None:
        self._builder, self._families = builder, families
        self._street, self._eye_y = street, eye_y
        self._vehicles = [name for name in _VEHICLES if name in families]
        self._others = [name for name in families if name not in _VEHICLES]

    def furnish(self) -> None:
        """Add all objects."""
        if self._vehicles:
            for side in (-1, 1):
                self._park(side)
            self._drive()
        if self._others:
            self._line_pavements()

    def _park(self, side: int) -> None:
        """Vehicles along a kerb, with gaps."""
        random = self._builder.random
        x, share = random.uniform(-4.0, 8.0), random.uniform(0.2, 0.9)
        while x < 85.0:
            name, size = self._vehicle()
            y = side * (self._street.road - 1.1 + random.normal(0.0, 0.08))
            if random.random() < share:
                self._put(name, (x + size / 2, y, 0.0), size, side)
            x += size + random.uniform(0.6, 2.5)

    def _drive(self) -> None:
        """Vehicles in the lanes of a wide road."""
        random = self._builder.random
        if self._street.road > 3.8:
            for x in random.uniform(9.0, 80.0, int(random.integers(0, 5))).tolist():
                name, size = self._vehicle()
                lane = int(random.choice([-1, 1]))
                self._put(name, (x, lane * 1.4, 0.0), size, lane)

    def _vehicle(self) -> tuple[str, float]:
        random = self._builder.random
        name = self._vehicles[int(random.random() < 0.17) % len(self._vehicles)]
        return name, random.uniform(*self._families[name].sizes)

    def _line_pavements(self) -> None:
        """Things on the pavements, denser near by; tall ones at the kerb."""
        random = self._builder.random
        trees = [name for name in ("tree", "bush") if name in self._families]
        leafy, planted = random.uniform(0.0, 0.45), 0
        for _ in range(int(np.exp(random.uniform(math.log(50), math.log(140))))):
            x, side = 1.5 + 70.0 * random.random() ** 1.6, int(random.choice([-1, 1]))
            name = self._others[int(random.integers(len(self._others)))]
            if trees and random.random() < leafy:
                name = trees[int(random.integers(len(trees)))]
            planted += name == "tree"
            if name == "tree" and planted > _MOST_TREES:
                continue
            at_kerb = name in _TALL or random.random() < 0.4
            inside = random.uniform(0.15, 0.6) if at_kerb else random.uniform(0.6, 2.8)
            size = random.uniform(*self._families[name].sizes)
            self._put(name, (x, side * (self._street.road + inside), self._street.kerb), size, side)

    def _put(self, name: str, at: tuple[float, float, float], size: float, side: int) -> None:
        """Add an object unless it comes too near to the camera."""
        random = self._builder.random
        table, _ = scaled_table(self._families[name].build(random), size)
        yaw = random.uniform(0, 2 * math.pi)
        if name in _VEHICLES:
            yaw = (0.0 if side > 0 else math.pi) + random.normal(0.0, 0.04)
        elif name == "fence":
            yaw = math.pi / 2 + random.normal(0.0, 0.05)
        placed = table.placed(turn(yaw), at)
        low, high = placed.bounds()
        aside = np.maximum(
            np.maximum(low[:2] - (0.0, self._eye_y), (0.0, self._eye_y) - high[:2]), 0
        )
        if float(np.hypot(*aside)) > _CLEAR_M:
            self._builder.add(name, self._families[name], placed)
