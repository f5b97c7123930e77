# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a family of objects is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from depth_completion_core.world.objects.parts import Part


class Top(NamedTuple):
    """A level rectangle that other things can stand on; same unit as the parts."""

    z: float
    half_x: float
    half_y: float
    x: float = 0.0
    y: float = 0.0


class Body(NamedTuple):
    """An object: its parts, standing on z = 0 about the z axis, and where others can stand."""

    parts: list[Part]
    tops: tuple[Top, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of object.

    Attributes:
        build: draws one, of any size: it is scaled so that its longest side is as wanted.
        sizes: longest side, metres, for which it is plausible.
        place: floor (stands on floor or support), wall (its back, -x, against one), ceiling
            (hangs, its top is z = 0), or furniture (stands on the floor, bears others).
        thin: consists mainly of things 5 to 30 mm thin.
        curved: consists mainly of curved surfaces.
        colours: linear colours of its first slots where they are not free.
    """

    build: Callable[[np.random.Generator], Body]
    sizes: tuple[float, float]
    place: str = "floor"
    thin: bool = False
    curved: bool = False
    colours: tuple[tuple[float, float, float] | None, ...] = ()
