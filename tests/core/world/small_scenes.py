# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scenes made by hand, small enough to be known by heart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.world.casting.primitives import Kind, PrimitiveTable
from depth_completion_core.world.looks.materials import COLUMNS, Palette
from depth_completion_core.world.objects.parts import Part, box, plate, table_of, towards
from depth_completion_core.world.render import RenderedFrames, render_scenes
from depth_completion_core.world.scene import Lamp, Light, WorldScene

Float64 = npt.NDArray[np.float64]

CAMERA = CameraModel(fx=80.0, fy=80.0, cx=47.5, cy=35.5, width=96, height=72)
EVEN_LIGHT = Light(lamps=(), above=(0.5, 0.5, 0.5), below=(0.5, 0.5, 0.5))

# The optical frame at the origin, looking along the world's x.
LOOKING_ALONG_X = RigidTransform(
    np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.zeros(3)
)

_SHAPES: dict[Kind, tuple[float, float]] = {
    Kind.ELLIPSOID: (-0.4, 0.7),
    Kind.FRUSTUM: (0.35, 0.0),
    Kind.TUBE: (0.6, 0.0),
    Kind.CAPSULE: (0.3, 0.0),
    Kind.TORUS: (0.3, 0.0),
    Kind.SUPERELLIPSOID: (4.0, 2.5),
    Kind.DISC: (0.3, 0.0),
    Kind.SHEET: (5.0, 1.3),
}


def random_part(random: np.random.Generator, kind: Kind, middle: Float64) -> Part:
    """A primitive of a kind, of 0.3 to 1.4 m, turned anyhow."""
    half = random.uniform(0.15, 0.7, 3)
    if kind in {Kind.FRUSTUM, Kind.TUBE, Kind.CAPSULE, Kind.TORUS}:
        half[1] = half[0]
    shape = _SHAPES.get(kind, (0.0, 0.0))
    at, size = tuple(middle.tolist()), tuple(half.tolist())
    return Part(kind, at, towards(random.standard_normal(3)), size, shape)


def scene_of(
    parts: list[Part],
    *,
    light: Light = EVEN_LIGHT,
    materials: Float64 | None = None,
    camera: CameraModel = CAMERA,
    world_from_camera: RigidTransform = LOOKING_ALONG_X,
    far_m: float = 100.0,
) -> WorldScene:
    """A scene of parts; slots are rows of the materials, grey ones by default."""
    table = table_of(parts)
    if materials is None:
        materials = grey(int(table.material.max()) + 1)
    return WorldScene(
        kind="room",
        table=table,
        materials=materials,
        families=(),
        supported=np.zeros(0, np.bool_),
        light=light,
        camera=camera,
        world_from_camera=world_from_camera,
        far_m=far_m,
    )


def grey(count: int = 1, /, **columns: float) -> Float64:
    """(count, 20) materials of one grey without texture, but for some columns."""
    palette = Palette(np.random.default_rng(0))
    row = dict.fromkeys(COLUMNS, 0.0) | {"period": 1.0, "grain_period": 1.0, "shininess": 16.0}
    row |= {f"{part}{number}": 0.5 for part in "rgb" for number in range(3)}
    for _ in range(count):
        palette.add(*(row | columns).values())
    return palette.array()


def wall_and_box() -> list[Part]:
    """A wall across x at 6 m, and before it, at 2.9 m, the front of a box 0.4 m wide."""
    facing = towards(np.array([-1.0, 0.0, 0.0]))
    return [plate(20.0, 20.0, (6.0, 0.0, 0.0), facing), box((0.2, 0.4, 0.4), 3.0, 0.0, 0.0)]


def rendered(*scenes: WorldScene) -> RenderedFrames:
    """Scenes as frames 0, 1, ... of seed 0."""
    return render_scenes(list(scenes), 0, list(range(len(scenes))))


def alone(table: PrimitiveTable, row: int) -> PrimitiveTable:
    """One primitive of a table."""
    return table.take(np.array([row]))


def lamp_at(x: float, y: float, z: float, strength: float = 1.0) -> Lamp:
    """A white lamp that hardly fades."""
    return Lamp(position=(x, y, z), colour=(strength,) * 3, half_at_m=1e4)
