# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rays against four unit primitives.

A shape of any size and pose is a unit primitive under an affine map. The map does not change how
many direction lengths a ray travels, so the intersections need no parameters: an ellipsoid is the
unit sphere, seen by a squeezed ray. Tensors are component-first, (3, N): rows are contiguous.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Size = tuple[float, float, float]

# Replaces a zero in a divisor: 1 / 1e-30 times any distance in a scene is still a finite float32.
_TINY = 1e-30


@dataclass(frozen=True, slots=True)
class Primitive:
    """What a scene must know about one kind of shape.

    Attributes:
        intersect: (3, 1 or N) origins and (3, N) directions in unit coordinates to (N,) distances
            in direction lengths: the first surface ahead, +inf where there is none.
        surface: (3, N) unit points and (3, N) half sizes in metres to (3, N) unit-space normals of
            any length, and (2, N) metres along the surface.
        bounding_radius: half sizes in metres to the radius around the centre, metres.
    """

    intersect: Callable[[Tensor, Tensor], Tensor]
    surface: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    bounding_radius: Callable[[Size], float]


def intersect_quad(origins: Tensor, directions: Tensor) -> Tensor:
    """First hit of the square -1 <= x, y <= 1 at z = 0; see :class:`Primitive`."""
    distance = -origins[2] / directions[2]
    x = origins[0] + distance * directions[0]
    y = origins[1] + distance * directions[1]
    # A parallel ray gives inf or NaN here, and neither is <= 1.
    hit = (distance > 0) & (x.abs() <= 1) & (y.abs() <= 1)
    return torch.where(hit, distance, torch.inf)


def intersect_box(origins: Tensor, directions: Tensor) -> Tensor:
    """First hit of the cube -1 <= x, y, z <= 1; see :class:`Primitive`."""
    near, far = _slab(origins[0], directions[0])
    for axis in (1, 2):
        axis_near, axis_far = _slab(origins[axis], directions[axis])
        near, far = torch.maximum(near, axis_near), torch.minimum(far, axis_far)
    return _first_ahead(near, far)


def intersect_cylinder(origins: Tensor, directions: Tensor) -> Tensor:
    """First hit of the closed cylinder of radius 1, -1 <= z <= 1; see :class:`Primitive`."""
    near, far = _round(origins[:2], directions[:2])
    cap_near, cap_far = _slab(origins[2], directions[2])
    return _first_ahead(torch.maximum(near, cap_near), torch.minimum(far, cap_far))


def intersect_sphere(origins: Tensor, directions: Tensor) -> Tensor:
    """First hit of the sphere of radius 1; see :class:`Primitive`."""
    return _first_ahead(*_round(origins, directions))


def _slab(origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Where rays enter and leave -1 <= coordinate <= 1."""
    inverse = (direction + _TINY).reciprocal()
    middle, half = -origin * inverse, inverse.abs()
    return middle - half, middle + half


def _round(origins: Tensor, directions: Tensor) -> tuple[Tensor, Tensor]:
    """Where rays enter and leave the unit circle or ball; NaN where they miss it.

    Measured from the point of closest approach: b^2 - 4ac loses all float32 digits for a small
    shape far away.
    """
    squared = (directions * directions).sum(0) + _TINY
    middle = -(origins * directions).sum(0) / squared
    closest = origins + middle * directions
    half = ((1.0 - (closest * closest).sum(0)) / squared).sqrt()
    return middle - half, middle + half


def _first_ahead(near: Tensor, far: Tensor) -> Tensor:
    """The entry, or the exit for a ray that starts inside; comparisons with NaN are misses."""
    distance = torch.where(near > 0, near, far)
    return torch.where((near <= far) & (far > 0), distance, torch.inf)


def _quad_surface(points: Tensor, sizes: Tensor) -> tuple[Tensor, Tensor]:
    normal = torch.zeros_like(points)
    normal[2] = 1.0
    return normal, ((points + 1.0) * sizes)[:2]


def _box_surface(points: Tensor, sizes: Tensor) -> tuple[Tensor, Tensor]:
    face = points.abs().argmax(dim=0, keepdim=True)
    normal = torch.zeros_like(points).scatter_(0, face, points.gather(0, face).sign())
    metres = (points + 1.0) * sizes
    # Up is v on every side, so that bricks lie and windows stand.
    u = torch.where(face[0] == 0, metres[1], metres[0])
    v = torch.where(face[0] == 2, metres[1], metres[2])
    return normal, torch.stack([u, v])


def _cylinder_surface(points: Tensor, sizes: Tensor) -> tuple[Tensor, Tensor]:
    x, y, z = points
    on_side = x * x + y * y > z * z
    zero = torch.zeros_like(x)
    normal = torch.where(on_side, torch.stack([x, y, zero]), torch.stack([zero, zero, z]))
    metres = (points + 1.0) * sizes
    side = torch.stack([torch.atan2(y, x) * sizes[0], metres[2]])
    return normal, torch.where(on_side, side, metres[:2])


def _sphere_surface(points: Tensor, sizes: Tensor) -> tuple[Tensor, Tensor]:
    x, y, z = points
    elevation = torch.asin(z.clamp(-1.0, 1.0))
    return points, torch.stack([torch.atan2(y, x) * sizes[0], elevation * sizes[2]])


PRIMITIVES: dict[str, Primitive] = {
    "quad": Primitive(intersect_quad, _quad_surface, lambda s: (s[0] ** 2 + s[1] ** 2) ** 0.5),
    "box": Primitive(
        intersect_box, _box_surface, lambda s: (s[0] ** 2 + s[1] ** 2 + s[2] ** 2) ** 0.5
    ),
    "cylinder": Primitive(
        intersect_cylinder,
        _cylinder_surface,
        lambda s: (max(s[0], s[1]) ** 2 + s[2] ** 2) ** 0.5,
    ),
    "sphere": Primitive(intersect_sphere, _sphere_surface, max),
}
