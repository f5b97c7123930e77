# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a scene is built from: posed shapes, each with a material."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from depth_completion_core.data.synthetic.poses import pose
from depth_completion_core.data.synthetic.primitives import PRIMITIVES, Size
from depth_completion_core.transforms import RigidTransform

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """How a surface looks.

    Attributes:
        colour: sRGB from 0 to 1.
        accent: the texture's second colour, sRGB from 0 to 1.
        texture: a name in :data:`~depth_completion_core.data.synthetic.texture.TEXTURES`.
        period: size of the texture's cell along the surface, metres.
        grain: strength of the 1/f brightness variation, about its standard deviation.
        grain_size: its finest detail, metres.
        emission: light that the surface gives off by itself, in units of its colour.
    """

    colour: Colour
    accent: Colour = (0.0, 0.0, 0.0)
    texture: str = "plain"
    period: tuple[float, float] = (1.0, 1.0)
    grain: float = 0.06
    grain_size: float = 0.012
    emission: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One primitive.

    Attributes:
        kind: a name in :data:`~depth_completion_core.data.synthetic.primitives.PRIMITIVES`.
        size: half extents (radii for what is round) along the shape's own axes, metres; all
            positive, the z of a quad is ignored.
        world_from_shape: its pose.
        material: how it looks.
        casts_shadow: False for what surrounds a light.

    Raises:
        ValueError: the kind is unknown or a size is not positive.
    """

    kind: str
    size: Size
    world_from_shape: RigidTransform
    material: Material
    casts_shadow: bool = True

    def __post_init__(self) -> None:
        if self.kind not in PRIMITIVES:
            raise ValueError(f"shape '{self.kind}' is not one of {', '.join(PRIMITIVES)}")
        if min(self.size) <= 0:
            raise ValueError(f"half extents of a {self.kind} must be positive, got {self.size}")


SceneObject = list[Shape]
"""Shapes that belong together (a chair) and lie close together: the scene culls them at once."""


def rgb(code: int) -> Colour:
    """A colour from its web code, as in ``rgb(0x8B5A2B)``."""
    return ((code >> 16 & 255) / 255, (code >> 8 & 255) / 255, (code & 255) / 255)


def box(
    material: Material, lengths: Size, x: float, y: float, z: float, *, yaw: float = 0.0
) -> Shape:
    """A box of full ``lengths`` in metres around a centre."""
    size = (lengths[0] / 2, lengths[1] / 2, lengths[2] / 2)
    return Shape(kind="box", size=size, world_from_shape=pose(x, y, z, yaw=yaw), material=material)


def cylinder(
    material: Material, radius_length: tuple[float, float], x: float, y: float, z: float
) -> Shape:
    """A standing cylinder of a radius and a full length around a centre; metres."""
    return posed_cylinder(material, *radius_length, pose(x, y, z))


def posed_cylinder(
    material: Material, radius: float, length: float, world_from_shape: RigidTransform
) -> Shape:
    """A cylinder along the z axis of a pose; metres."""
    return Shape(
        kind="cylinder",
        size=(radius, radius, length / 2),
        world_from_shape=world_from_shape,
        material=material,
    )


def ellipsoid(
    material: Material, radii: Size, x: float, y: float, z: float, *, yaw: float = 0.0
) -> Shape:
    """An ellipsoid around a centre; metres."""
    return Shape(
        kind="sphere", size=radii, world_from_shape=pose(x, y, z, yaw=yaw), material=material
    )


def sheet(
    material: Material, width: float, height: float, world_from_shape: RigidTransform
) -> Shape:
    """A rectangle without thickness in the x-y plane of a pose; metres."""
    return Shape(
        kind="quad",
        size=(width / 2, height / 2, 1.0),
        world_from_shape=world_from_shape,
        material=material,
    )


def placed(shapes: Iterable[Shape], world_from_object: RigidTransform) -> SceneObject:
    """An object's shapes, moved together from its own frame."""
    return [
        replace(shape, world_from_shape=world_from_object @ shape.world_from_shape)
        for shape in shapes
    ]
