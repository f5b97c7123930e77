# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Furnished rooms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from depth_completion_core.camera import CameraModel
from depth_completion_core.data.world.family import Family, Top
from depth_completion_core.data.world.materials import Palette
from depth_completion_core.data.world.parts import turn
from depth_completion_core.data.world.placing import Floor, View, find_place
from depth_completion_core.data.world.primitives import PrimitiveTable
from depth_completion_core.data.world.room_shell import (
    Shell,
    build_shell,
    draw_shell,
    on_wall,
    wall_frame,
)
from depth_completion_core.data.world.scene import (
    Lamp,
    Light,
    SceneBuilder,
    WorldScene,
    draw_share,
    scaled_table,
)
from depth_completion_core.data.world.viewpoint import draw_camera, field_half_angle, looking

_MEDIAN_SIZE_M, _SIZE_SPREAD = 0.27, 0.75
_THIN, _CURVED, _SUPPORTED, _OCCLUDED = 0.17, 0.3, 0.64, 0.15
_FIELD_DEG = (35.0, 80.0)


class _Support(NamedTuple):
    """A level rectangle of an object in place: centre, half sides, yaw; metres."""

    x: float
    y: float
    z: float
    half_x: float
    half_y: float
    yaw: float


def build_room(
    random: np.random.Generator, families: Mapping[str, Family], height: int, width: int
) -> WorldScene:
    """Draw a room with 20 to 120 objects, and a camera in it.

    Args:
        random: what it is drawn from.
        families: what may stand in it.
        height: of the image, pixels.
        width: of the image, pixels.
    """
    shell = draw_shell(random)
    camera = draw_camera(random, height, width, _FIELD_DEG)
    view = _view(random, shell, camera)
    eye_height = float(min(random.uniform(0.3, 2.0), shell.height - 0.2))
    builder = SceneBuilder(random, Palette(random))
    builder.share = draw_share(random)
    build_shell(builder, shell)
    furnisher = _Furnisher(builder, shell, view, families)
    furnisher.furnish(eye_height)
    eye = np.array([view.x, view.y, eye_height])
    pitch, roll = random.normal(-10.0, 15.0), random.normal(0.0, 5.0)
    world_from_camera = looking(eye, view.yaw, pitch, roll)
    return WorldScene(
        kind="room",
        table=builder.table(),
        materials=builder.palette.array(),
        families=tuple(builder.families),
        supported=np.array(builder.supported, np.bool_),
        light=_light(random, shell),
        camera=camera,
        world_from_camera=world_from_camera,
        far_m=100.0,
    )


def _view(random: np.random.Generator, shell: Shell, camera: CameraModel) -> View:
    """A place near one side, mostly looking across the room or at the door."""
    x, y = random.uniform(-0.9, 0.9) * shell.half_x, random.uniform(-0.9, 0.9) * shell.half_y
    x = math.copysign(min(abs(x), shell.half_x - 0.25), x)
    y = math.copysign(min(abs(y), shell.half_y - 0.25), y)
    aim_x, aim_y = -0.6 * x, -0.6 * y
    if shell.door >= 0 and random.random() < 0.5:
        aim_x, aim_y, _ = on_wall(shell, shell.door, shell.door_at, 1.0)
    yaw = math.atan2(aim_y - y, aim_x - x) + random.normal(0.0, 0.5)
    return View(x, y, yaw, field_half_angle(camera))


def _light(random: np.random.Generator, shell: Shell) -> Light:
    """Ambient light, and one or two lamps under the ceiling or beside a window."""
    ambient = random.uniform(0.12, 0.5)
    tint = 1.0 + random.normal(0.0, 0.06, 3)
    lamps = []
    for _ in range(int(random.integers(1, 3))):
        x, y = random.uniform(-0.85, 0.85, 2) * (shell.half_x, shell.half_y)
        z = shell.height * random.uniform(0.7, 0.97)
        warm = np.array([1.0, random.uniform(0.8, 1.0), random.uniform(0.6, 1.0)])
        strength = random.uniform(0.5, 1.3)
        red, green, blue = (strength * warm).tolist()
        lamps.append(
            Lamp(
                position=(float(x), float(y), float(z)),
                colour=(red, green, blue),
                half_at_m=random.uniform(1.5, 5.0),
            )
        )
    above = tuple((ambient * tint).tolist())
    below = tuple((ambient * random.uniform(0.4, 0.8) * tint).tolist())
    return Light(lamps=tuple(lamps), above=above, below=below)


class _Furnisher:
    """Puts objects into a shell, large ones first."""

    def __init__(
        self, builder: SceneBuilder, shell: Shell, view: View, families: Mapping[str, Family]
    ) -> None:
        self._builder, self._shell, self._view = builder, shell, view
        self._families = families
        self._floor = Floor(shell.half_x, shell.half_y)
        self._floor.take(view.x, view.y, 0.3)
        self._supports: list[_Support] = []

    def furnish(self, eye_height: float) -> None:
        """Draw sizes, then a family for each, and put them down."""
        random = self._builder.random
        count = 20 + int(101 * random.random() ** 0.45)
        furniture = max(int(count * random.uniform(0.08, 0.18)), 3)
        for _ in range(furniture):
            self._put_furniture(float(np.exp(random.normal(math.log(0.95), 0.4))))
        logs = random.normal(math.log(_MEDIAN_SIZE_M), _SIZE_SPREAD, count - furniture)
        for size in sorted(np.exp(logs).clip(0.04, 2.2).tolist(), reverse=True):
            self._put(size)
        if random.random() < _OCCLUDED:
            self._put_before_camera(eye_height)

    def _draw(self, size: float, places: tuple[str, ...]) -> tuple[str, Family] | None:
        """A family for which the size is plausible; thin and curved ones as often as wanted."""
        random = self._builder.random
        draw = random.random()
        near = [
            (name, family)
            for name, family in self._families.items()
            if family.place in places and family.sizes[0] <= size <= family.sizes[1]
        ]
        thin = [each for each in near if each[1].thin]
        curved = [each for each in near if each[1].curved]
        rest = [each for each in near if not each[1].thin and not each[1].curved]
        chosen = thin if draw < _THIN else curved if draw < _THIN + _CURVED else rest
        chosen = chosen or near
        return chosen[int(random.integers(len(chosen)))] if chosen else None

    def _put_furniture(self, size: float) -> None:
        found = self._draw(size, ("furniture",)) or self._draw(size, ("furniture", "floor"))
        if found is None:
            return
        name, family = found
        body = family.build(self._builder.random)
        table, factor = scaled_table(body, size)
        low, high = table.bounds()
        x, y, yaw = self._furniture_place(low, high)
        self._builder.add(name, family, table.placed(turn(yaw), (x, y, 0.0)))
        self._floor.take(x, y, 0.5 * float(np.hypot(*(high - low)[:2])) * 0.85)
        for top in body.tops:
            self._support(top, factor, (x, y, yaw))

    def _support(self, top: Top, factor: float, place: tuple[float, float, float]) -> None:
        x, y, yaw = place
        c, s = math.cos(yaw), math.sin(yaw)
        dx, dy = top.x * factor, top.y * factor
        at = (x + c * dx - s * dy, y + s * dx + c * dy, top.z * factor)
        self._supports.append(_Support(*at, top.half_x * factor, top.half_y * factor, yaw))

    def _furniture_place(
        self,
        low: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
        high: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    ) -> tuple[float, float, float]:
        """x, y and yaw: with its back to a wall, or free."""
        random = self._builder.random
        radius = 0.5 * float(np.hypot(*(high - low)[:2]))
        if random.random() < 0.45:
            x, y = find_place(random, self._floor, self._view, radius, in_view=0.9)
            return x, y, random.uniform(0, 2 * math.pi)
        best, best_gap = (0.0, 0.0, 0.0), -math.inf
        for _ in range(8):
            number = int(random.integers(4))
            half, _, yaw = wall_frame(self._shell, number)
            along = random.uniform(-1, 1) * max(half - high[1], 0.0)
            x, y, _ = on_wall(self._shell, number, along, 0.0, 0.02 - float(low[0]))
            gap = min(math.hypot(x - a, y - b) - r - radius for a, b, r in self._floor.taken)
            gap += 0.8 if self._view.sees(x, y) else 0.0
            if gap > best_gap:
                best, best_gap = (x, y, yaw + math.pi), gap
        return best

    def _put(self, size: float) -> None:
        """Put an object of a size where it belongs."""
        random = self._builder.random
        places = ("floor", "wall", "ceiling") if random.random() < 0.25 else ("floor",)
        found = self._draw(size, places) or self._draw(size, ("floor", "wall", "furniture"))
        if found is None:
            return
        name, family = found
        body = family.build(random)
        table, _ = scaled_table(body, size)
        if family.place == "wall":
            self._hang(name, family, table)
        elif family.place == "ceiling":
            x, y = find_place(
                random,
                Floor(self._floor.half_x, self._floor.half_y),
                self._view,
                size / 2,
                in_view=0.8,
            )
            self._builder.add(name, family, table.placed(turn(), (x, y, self._shell.height)))
        elif random.random() >= _SUPPORTED or not self._rest(name, family, table):
            self._stand(name, family, table)

    def _hang(self, name: str, family: Family, table: PrimitiveTable) -> None:
        random = self._builder.random
        number = int(random.choice([n for n in range(4) if n != self._shell.door]))
        half, _, yaw = wall_frame(self._shell, number)
        _low, high = table.bounds()
        along = random.uniform(-1, 1) * max(half - float(high[1]), 0.0)
        rise = max(self._shell.height - float(high[2]) - 0.1, 0.05)
        z = random.uniform(0.35, 0.9) * rise if name == "frame" else 0.1 * rise
        at = on_wall(self._shell, number, along, z, 0.0)
        self._builder.add(name, family, table.placed(turn(yaw + math.pi), at))

    def _rest(self, name: str, family: Family, table: PrimitiveTable) -> bool:
        """Put it on a support that is large enough; False where there is none."""
        random = self._builder.random
        low, high = table.bounds()
        radius = 0.5 * float((high - low)[:2].max())
        wide = [s for s in self._supports if min(s.half_x, s.half_y) > 0.7 * radius]
        wide = [s for s in wide if s.z + float(high[2]) < self._shell.height]
        if not wide:
            return False
        # Most things are put where the camera looks: an empty half of a room teaches nothing.
        seen = [s for s in wide if self._view.sees(s.x, s.y)]
        choice = seen if seen and random.random() < 0.85 else wide
        support = choice[int(random.integers(len(choice)))]
        dx = random.uniform(-1, 1) * max(support.half_x - 0.7 * radius, 0.0)
        dy = random.uniform(-1, 1) * max(support.half_y - 0.7 * radius, 0.0)
        c, s = math.cos(support.yaw), math.sin(support.yaw)
        at = (support.x + c * dx - s * dy, support.y + s * dx + c * dy, support.z)
        placed = table.placed(turn(random.uniform(0, 2 * math.pi)), at)
        self._builder.add(name, family, placed, supported=True)
        return True

    def _stand(self, name: str, family: Family, table: PrimitiveTable) -> None:
        random = self._builder.random
        low, high = table.bounds()
        radius = 0.5 * float(np.hypot(*(high - low)[:2]))
        x, y = find_place(random, self._floor, self._view, radius, in_view=0.92)
        placed = table.placed(turn(random.uniform(0, 2 * math.pi)), (x, y, 0.0))
        self._builder.add(name, family, placed)
        self._floor.take(x, y, radius * 0.8)

    def _put_before_camera(self, eye_height: float) -> None:
        """Something between 0.3 and 0.9 m before the lens, somewhere in the picture."""
        random, view = self._builder.random, self._view
        distance = random.uniform(0.35, 0.85)
        size = random.uniform(0.15, 0.5)
        found = self._draw(size, ("floor",))
        if found is None:
            return
        table, _ = scaled_table(found[1].build(random), size)
        angle = view.yaw + random.uniform(-0.9, 0.9) * view.half_angle
        x, y = view.x + distance * math.cos(angle), view.y + distance * math.sin(angle)
        z = max(eye_height - random.uniform(0.1, 0.5), 0.0)
        placed = table.placed(turn(random.uniform(0, 2 * math.pi)), (x, y, z))
        self._builder.add(found[0], found[1], placed)
