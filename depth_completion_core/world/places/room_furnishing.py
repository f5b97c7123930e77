# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where things go in a room: on floors, on each other, on walls, before the camera."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from depth_completion_core.world.casting.primitives import Float64Array, PrimitiveTable
from depth_completion_core.world.objects.family import Family, Top
from depth_completion_core.world.objects.parts import turn
from depth_completion_core.world.objects.placing import Floor, View, find_place
from depth_completion_core.world.places.room_shell import Shell, on_wall, wall_frame
from depth_completion_core.world.scene import SceneBuilder, scaled_table

_MEDIAN_SIZE_M, _SIZE_SPREAD = 0.27, 0.75
_THIN, _CURVED, _SUPPORTED, _OCCLUDED = 0.17, 0.3, 0.64, 0.15


class _Support(NamedTuple):
    """A level rectangle of an object in place: centre, half sides, yaw; metres."""

    x: float
    y: float
    z: float
    half_x: float
    half_y: float
    yaw: float


class RoomFurnisher:
    """Puts 20 to 120 objects into a shell, large ones first.

    Args:
        builder: what they are added to.
        shell: the room.
        view: of its floor; most things are put where the camera looks.
        families: what may stand in it.
    """

    def __init__(
        self, builder: SceneBuilder, shell: Shell, view: View, families: Mapping[str, Family]
    ) -> None:
        self._builder, self._shell, self._view = builder, shell, view
        self._families = families
        self._floor = Floor(shell.half_x, shell.half_y)
        self._floor.take(view.x, view.y, 0.3)
        self._supports: list[_Support] = []

    def furnish(self, eye_height: float) -> None:
        """Draw sizes, then a family for each, and put them down; the camera's height is metres."""
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
        low: Float64Array,
        high: Float64Array,
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
