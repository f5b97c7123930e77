# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A scene as numbers, and the hand that puts it together."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.world.casting.primitives import Float64Array, PrimitiveTable, joined
from depth_completion_core.world.looks.materials import Palette
from depth_completion_core.world.objects.family import Body, Family
from depth_completion_core.world.objects.parts import Part, table_of

_EYE = np.eye(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """A point light; the sun is a far one.

    Attributes:
        position: metres, world.
        colour: linear RGB that falls on a surface facing it from near by.
        half_at_m: distance at which half of it is left; infinite for the sun.
    """

    position: tuple[float, float, float]
    colour: tuple[float, float, float]
    half_at_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """All light of a scene; linear RGB.

    Attributes:
        lamps: they throw shadows.
        above: ambient light from above. Likewise below.
        sky: colour behind everything.
        haze_m: distance over which 63 % of a surface fades into the sky; infinite indoors.
    """

    lamps: tuple[Lamp, ...]
    above: tuple[float, float, float]
    below: tuple[float, float, float]
    sky: tuple[float, float, float] = (0.4, 0.5, 0.65)
    haze_m: float = float("inf")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WorldScene:
    """What one frame shows, and from where.

    Attributes:
        kind: room or street.
        table: the primitives.
        materials: (M, 20) float64, see :data:`materials.COLUMNS`.
        families: name of the family of each object, by its number in the table's ``owner``.
        supported: per object, whether it rests on another one.
        light: the light.
        camera: undistorted.
        world_from_camera: the optical frame; the world's z is up, metres.
        far_m: depths beyond are not valid.
    """

    kind: str
    table: PrimitiveTable
    materials: Float64Array
    families: tuple[str, ...]
    supported: npt.NDArray[np.bool_]
    light: Light
    camera: CameraModel
    world_from_camera: RigidTransform
    far_m: float


@dataclass(slots=True)
class SceneBuilder:
    """Collects objects.

    Attributes:
        random: random generator.
        palette: the scene's materials.
        shared: materials that many things have in common, walls among them.
        share: probability that a slot wears one of them; most of a few scenes is of one material.
    """

    random: np.random.Generator
    palette: Palette
    shared: list[int] = field(default_factory=list)
    share: float = 0.35
    coloured: dict[tuple[float, float, float], int] = field(default_factory=dict)
    families: list[str] = field(default_factory=list)
    supported: list[bool] = field(default_factory=list)
    tables: list[PrimitiveTable] = field(default_factory=list)

    def structure(self, parts: list[Part], materials: list[int]) -> None:
        """Add walls, ground and the like: no object; slots count through the materials."""
        table = table_of(parts)
        table.material[:] = np.asarray(materials)[table.material % len(materials)]
        self.tables.append(table)

    def add(
        self,
        name: str,
        family: Family,
        table: PrimitiveTable,
        *,
        supported: bool = False,
    ) -> None:
        """Add an object that is in place; materials are sampled for its slots.

        Args:
            name: its family's.
            family: it.
            table: with slots for materials.
            supported: whether it rests on another object.
        """
        slots = int(table.material.max()) + 1
        numbers = np.array([self._material(family, slot) for slot in range(slots)])
        table.material[:] = numbers[table.material]
        table.owner[:] = len(self.families)
        self.tables.append(table)
        self.families.append(name)
        self.supported.append(supported)

    def table(self) -> PrimitiveTable:
        """All that was added."""
        return joined(self.tables)

    def _material(self, family: Family, slot: int) -> int:
        if slot < len(family.colours):
            colour = family.colours[slot]
            if colour is not None and self.random.random() < 0.85:
                return self._coloured(colour)
        if self.shared and self.random.random() < self.share:
            return int(self.random.choice(self.shared))
        return self.palette.new()

    def _coloured(self, colour: tuple[float, float, float]) -> int:
        """A material of a colour; the trees of a street are mostly of one kind."""
        if colour not in self.coloured or self.random.random() < 0.12:
            self.coloured[colour] = self.palette.fixed(colour)
        return self.coloured[colour]


def draw_share(random: np.random.Generator) -> float:
    """How much of a scene wears its shared materials: mostly 40 to 90 %, else nearly all."""
    return random.uniform(0.4, 0.9) if random.random() < 0.8 else 0.95


def scaled_table(body: Body, size: float) -> tuple[PrimitiveTable, float]:
    """The parts at such a longest side in metres, and the factor that was needed.

    Its frame's origin stays: z = 0 is where it stands.
    """
    table = table_of(body.parts)
    low, high = table.bounds()
    factor = size / float((high - low).max())
    return table.placed(_EYE, np.zeros(3), factor), factor
