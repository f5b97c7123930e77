# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A scene: shapes as tensors, and the rays cast into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from depth_completion_core.data.synthetic.material_table import MaterialTable
from depth_completion_core.data.synthetic.primitives import PRIMITIVES, Primitive
from depth_completion_core.data.synthetic.rays import Rays
from depth_completion_core.data.synthetic.shapes import SceneObject, Shape
from depth_completion_core.transforms import Float64Array


@dataclass(frozen=True, slots=True)
class Hit:
    """What rays meet first.

    Attributes:
        distance: (N,) in lengths of the direction; +inf where there is nothing.
        shape_index: (N,) int64 number of the shape; -1 where there is nothing.
        point: (N, 3) metres, world; where there is nothing, as all below, 0.
        normal: (N, 3) unit vectors, world, on the side of the ray.
        surface: (N, 2) metres along the shape's surface, for textures.
    """

    distance: Tensor
    shape_index: Tensor
    point: Tensor
    normal: Tensor
    surface: Tensor

    @property
    def valid(self) -> Tensor:
        """(N,) bool: whether the ray met anything."""
        return self.shape_index >= 0


@dataclass(frozen=True, slots=True)
class _CastShape:
    """One shape, ready for rays."""

    number: int
    primitive: Primitive
    linear: Tensor
    offset: Tensor
    centre: Tensor
    radius: float
    casts_shadow: bool


@dataclass(frozen=True, slots=True)
class _CastObject:
    """Shapes inside one sphere."""

    shapes: tuple[_CastShape, ...]
    centre: Tensor
    radius: float


class Scene:
    """Objects made of shapes, on one device.

    Args:
        objects: each a list of shapes that lie close together.
        device: where rays are cast.
        dtype: float32, or float64 for tests.

    Attributes:
        shapes: all shapes; a :class:`Hit` numbers them in this order.
        materials: how the shapes look.
    """

    def __init__(
        self,
        objects: Sequence[SceneObject],
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.device, self.dtype = torch.device(device), dtype
        self.shapes: tuple[Shape, ...] = tuple(shape for group in objects for shape in group)
        if not self.shapes:
            raise ValueError("a scene needs at least one shape")
        owners = [number for number, group in enumerate(objects) for _ in group]
        self.materials = MaterialTable.of(self.shapes, self.device, dtype)
        maps = np.stack([_unit_from_world(shape) for shape in self.shapes])
        self._maps = self._tensor(maps.reshape(-1, 12).T.copy())
        self._sizes = self._tensor(np.array([shape.size for shape in self.shapes]).T.copy())
        kinds = list(PRIMITIVES)
        self._kinds = torch.tensor(
            [kinds.index(shape.kind) for shape in self.shapes], device=self.device
        )
        ready = [self._cast_shape(number) for number in range(len(self.shapes))]
        self._objects = [
            self._cast_object(
                [shape for shape, owner in zip(ready, owners, strict=True) if owner == n]
            )
            for n in range(len(objects))
            if objects[n]
        ]

    def cast(self, origins: Tensor, directions: Tensor) -> Hit:
        """What each ray meets first, and how the surface lies there.

        Args:
            origins: (N, 3) metres, world; or one for all rays, (3,) or (1, 3).
            directions: (N, 3), of any length.

        Raises:
            ValueError: other shapes.
        """
        distance, shape = self.nearest(origins, directions)
        point, normal = torch.zeros_like(directions), torch.zeros_like(directions)
        surface = torch.zeros_like(directions[:, :2])
        rows = (shape >= 0).nonzero()[:, 0]
        origin = origins.reshape(1, 3) if origins.numel() == 3 else origins[rows]
        ahead = directions[rows]
        points = origin + distance[rows, None] * ahead
        normals, coordinates = self._surface(points.T.contiguous(), shape[rows])
        away = (normals * ahead.T).sum(0) > 0
        point[rows], surface[rows] = points, coordinates.T
        normal[rows] = torch.where(away, -normals, normals).T
        return Hit(distance, shape, point, normal, surface)

    def nearest(
        self,
        origins: Tensor,
        directions: Tensor,
        *,
        reach: float = float("inf"),
        shadows_only: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """The distance and shape of :meth:`cast` alone.

        Args:
            origins: (N, 3) metres, world; or one for all rays, (3,) or (1, 3).
            directions: (N, 3), of any length.
            reach: direction lengths after which a ray ends.
            shadows_only: let rays pass through shapes that cast no shadow.

        Returns:
            (N,) direction lengths, ``reach`` where nothing is met, and (N,) int64 shapes or -1.

        Raises:
            ValueError: other shapes.
        """
        rays = Rays.of(origins, directions)
        distance = torch.full_like(rays.lengths, reach)
        shape = torch.full_like(rays.lengths, -1, dtype=torch.int64)
        for group in self._front_to_back(rays):
            rows = rays.near_sphere(group.centre, group.radius, distance)
            if rows is None:
                _meet(rays, group, distance, shape, shadows_only=shadows_only)
            elif len(rows):
                part_distance, part_shape = distance[rows], shape[rows]
                part = rays.take(rows)
                _meet(part, group, part_distance, part_shape, shadows_only=shadows_only)
                distance[rows], shape[rows] = part_distance, part_shape
        return distance, shape

    def _front_to_back(self, rays: Rays) -> list[_CastObject]:
        """Near objects first: what they hide need not be intersected."""
        start = rays.origins.mean(dim=1, keepdim=True)
        centres = torch.cat([group.centre for group in self._objects], dim=1)
        gaps = (centres - start).norm(dim=0).tolist()
        order = sorted(range(len(gaps)), key=lambda n: gaps[n] - self._objects[n].radius)
        return [self._objects[n] for n in order]

    def _surface(self, points: Tensor, shape: Tensor) -> tuple[Tensor, Tensor]:
        """(3, N) unit normals and (2, N) surface coordinates of (3, N) points on shapes."""
        maps = self._maps.index_select(1, shape).view(3, 4, -1)
        unit = (maps[:, :3] * points).sum(1) + maps[:, 3]
        sizes = self._sizes.index_select(1, shape)
        normals, coordinates = torch.zeros_like(points), torch.zeros_like(points[:2])
        kinds = self._kinds[shape]
        for number, primitive in enumerate(PRIMITIVES.values()):
            rows = (kinds == number).nonzero()[:, 0]
            local, along = primitive.surface(unit[:, rows], sizes[:, rows])
            normals[:, rows], coordinates[:, rows] = local, along
        world = (maps[:, :3] * normals[:, None]).sum(0)
        return torch.nn.functional.normalize(world, dim=0), coordinates

    def _tensor(self, array: Float64Array) -> Tensor:
        return torch.as_tensor(array, dtype=self.dtype, device=self.device)

    def _cast_shape(self, number: int) -> _CastShape:
        shape = self.shapes[number]
        primitive = PRIMITIVES[shape.kind]
        unit_from_world = self._maps[:, number].view(3, 4)
        return _CastShape(
            number=number,
            primitive=primitive,
            linear=unit_from_world[:, :3].contiguous(),
            offset=unit_from_world[:, 3:].contiguous(),
            centre=self._tensor(shape.world_from_shape.translation[:, None]),
            radius=primitive.bounding_radius(shape.size),
            casts_shadow=shape.casts_shadow,
        )

    def _cast_object(self, shapes: list[_CastShape]) -> _CastObject:
        centres = torch.cat([shape.centre for shape in shapes], dim=1)
        centre = 0.5 * (centres.amin(1, keepdim=True) + centres.amax(1, keepdim=True))
        radii = torch.tensor([shape.radius for shape in shapes], device=self.device)
        radius = float(((centres - centre).norm(dim=0) + radii).max())
        return _CastObject(tuple(shapes), centre, radius)


def _meet(
    rays: Rays, group: _CastObject, distance: Tensor, number: Tensor, *, shadows_only: bool
) -> None:
    """Shorten ``distance`` and set ``number``, in place, where a ray meets a shape earlier."""
    for shape in group.shapes:
        if shadows_only and not shape.casts_shadow:
            continue
        rows = rays.near_sphere(shape.centre, shape.radius, distance)
        if rows is not None and not len(rows):
            continue
        part = rays if rows is None else rays.take(rows)
        met = shape.primitive.intersect(
            shape.linear @ part.origins + shape.offset, shape.linear @ part.directions
        )
        known = distance if rows is None else distance[rows]
        closer = (met < known).nonzero()[:, 0]
        target = closer if rows is None else rows[closer]
        distance[target] = met[closer]
        number[target] = shape.number


def _unit_from_world(shape: Shape) -> Float64Array:
    """(3, 4) affine map to the coordinates in which the shape is its unit primitive."""
    unit: Float64Array = shape.world_from_shape.inverse().matrix[:3]
    return unit / np.asarray(shape.size, np.float64)[:, None]
