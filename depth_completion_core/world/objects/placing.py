# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Finding room: discs on a floor that shall not overlap."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np


@dataclass(slots=True)
class Floor:
    """A rectangle about the origin, and the discs that are taken on it.

    Attributes:
        half_x: metres. Likewise half_y.
        taken: x, y, radius of each disc.
    """

    half_x: float
    half_y: float
    taken: list[tuple[float, float, float]] = field(default_factory=list)

    def gap(self, x: float, y: float) -> float:
        """Metres from a place to the nearest disc or to the border; negative inside one."""
        border = min(self.half_x - abs(x), self.half_y - abs(y))
        return min([border, *(math.hypot(x - a, y - b) - r for a, b, r in self.taken)])

    def take(self, x: float, y: float, radius: float) -> None:
        """Take a disc."""
        self.taken.append((x, y, radius))


@dataclass(frozen=True, slots=True)
class View:
    """What the camera sees of a floor: a wedge.

    Attributes:
        x: of its place, metres. Likewise y.
        yaw: where it looks, radians.
        half_angle: half its field, radians.
    """

    x: float
    y: float
    yaw: float
    half_angle: float

    def sees(self, x: float, y: float) -> bool:
        """Whether a place lies in the wedge."""
        angle = math.atan2(y - self.y, x - self.x) - self.yaw
        return abs(math.remainder(angle, 2 * math.pi)) < self.half_angle

    def draw(self, random: np.random.Generator, near: float, far: float) -> tuple[float, float]:
        """A place in the wedge, more often a near one."""
        angle = self.yaw + random.uniform(-1.0, 1.0) * self.half_angle
        distance = near + (far - near) * random.random() ** 1.3
        return self.x + distance * math.cos(angle), self.y + distance * math.sin(angle)


def find_place(
    random: np.random.Generator, floor: Floor, view: View, radius: float, *, in_view: float
) -> tuple[float, float]:
    """A place for a disc, the freest of some that were tried; with a probability in view."""
    best, best_gap = (0.0, 0.0), -math.inf
    reach = 2.0 * max(floor.half_x, floor.half_y)
    for _ in range(12):
        if random.random() < in_view:
            x, y = view.draw(random, 0.8 + radius, reach)
            x = float(np.clip(x, -floor.half_x + radius, floor.half_x - radius))
            y = float(np.clip(y, -floor.half_y + radius, floor.half_y - radius))
        else:
            x, y = random.uniform(-1, 1) * floor.half_x, random.uniform(-1, 1) * floor.half_y
        gap = floor.gap(x, y) - radius
        if gap > best_gap:
            best, best_gap = (x, y), gap
        if gap > 0:
            break
    return best
