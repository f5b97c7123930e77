# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rays into many scenes at once: bundles of rays, culled against primitives, tested pair by pair.

A bundle is a handful of rays from one point that go nearly the same way (the pixels of a small
tile, a stretch of a lidar's line, a lamp towards a tile). A primitive is tested with the rays of a
bundle only if the cone around them reaches its box. All other work is elementwise and the nearest
hit is a minimum, so results do not depend on order, batch or number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from depth_completion_core.world.casting.intersect import INFINITE, UnitRays
from depth_completion_core.world.casting.primitives import Kind, PrimitiveTable, joined
from depth_completion_core.world.casting.surface import GRADIENTS, INTERSECTORS

_CHUNK_RAYS = {"cpu": 1 << 17, "cuda": 1 << 24}
_SLACK = 2e-3
_WIDE = 1e6
_NOTHING = (0x7F800000 << 32) | 0x7FFFFFFF  # infinite, and no primitive


class Bundles(NamedTuple):
    """N bundles of R rays.

    Attributes:
        origin: (N, 3) metres, world.
        direction: (N, R, 3), of any length.
        scene: number of the scene of each bundle, ascending: a bundle range per scene, (S + 1,).
    """

    origin: Tensor
    direction: Tensor
    scene: list[int]


class _Cones(NamedTuple):
    """The cones around N bundles: apex (N, 3), axis (N, 3), half opening, longest ray in metres."""

    origin: Tensor
    axis: Tensor
    sine: Tensor
    cosine: Tensor
    longest: Tensor


class Hit(NamedTuple):
    """What rays meet first.

    Attributes:
        t: (N, R) in lengths of the direction; infinite where there is nothing.
        primitive: (N, R) int64 row of the joined table; -1 where there is nothing.
    """

    t: Tensor
    primitive: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class CastScenes:
    """The primitives of S scenes on a device.

    Attributes:
        ranges: (S + 1,) first row of each scene.
        kind: (P,) int64. Likewise material and owner.
        centre: (P, 3). Likewise half.
        to_unit: (P, 3, 3) from world directions to those of the unit frame.
        axes: (P, 3, 3) from world directions to those of the primitive's frame.
        radius: (P,) of the sphere around.
        shape: (P, 2).
        shadow: (P,) bool.
    """

    ranges: list[int]
    kind: Tensor
    material: Tensor
    owner: Tensor
    centre: Tensor
    half: Tensor
    to_unit: Tensor
    axes: Tensor
    radius: Tensor
    shape: Tensor
    shadow: Tensor

    @classmethod
    def of(cls, tables: list[PrimitiveTable], device: torch.device | str = "cpu") -> CastScenes:
        """From one table per scene."""
        table = joined(tables)
        axes = table.rotation.transpose(0, 2, 1)

        def tensor(array: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Tensor:
            return torch.as_tensor(np.ascontiguousarray(array), dtype=torch.float32, device=device)

        def numbers(array: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Tensor:
            return torch.as_tensor(array, device=device)

        return cls(
            ranges=np.cumsum([0, *(len(each) for each in tables)]).tolist(),
            kind=numbers(table.kind),
            material=numbers(table.material),
            owner=numbers(table.owner),
            centre=tensor(table.centre),
            half=tensor(table.half),
            to_unit=tensor(axes / table.half[:, :, None]),
            axes=tensor(axes),
            radius=tensor(table.radius),
            shape=tensor(table.shape),
            shadow=torch.as_tensor(table.shadow, device=device),
        )

    def cast(self, bundles: Bundles, *, reach: float = INFINITE, shadows: bool = False) -> Hit:
        """What each ray meets first.

        Args:
            bundles: rays.
            reach: direction lengths after which a ray ends.
            shadows: let rays pass what throws no shadow.
        """
        count, width, _ = bundles.direction.shape
        keys = torch.full((count, width), _NOTHING, dtype=torch.int64, device=self.kind.device)
        rows, primitives = self._pairs(bundles, reach, shadows=shadows)
        directions = [column.contiguous() for column in bundles.direction.unbind(2)]
        step = max(_CHUNK_RAYS[self.kind.device.type] // width, 1)
        kinds = self.kind[primitives]
        for kind in Kind:
            chosen = (kinds == int(kind)).nonzero()[:, 0]
            for part in torch.split(chosen, step):
                self._test(kind, bundles, directions, (rows[part], primitives[part]), keys)
        t = (keys >> 32).to(torch.int32).view(torch.float32)
        missed = ~(t < reach)
        primitive = torch.where(missed, -1, keys & 0xFFFFFFFF)
        return Hit(torch.where(missed, INFINITE, t), primitive)

    def _test(
        self,
        kind: Kind,
        bundles: Bundles,
        directions: list[Tensor],
        pairs: tuple[Tensor, Tensor],
        keys: Tensor,
    ) -> None:
        """Lower the keys, in place, where the rays of a bundle meet the primitive of its pair."""
        rows, primitives = pairs
        start = bundles.origin[rows] - self.centre[primitives]
        to_unit = self.to_unit[primitives]
        ox, oy, oz = (_dot(to_unit[:, axis], start)[:, None] for axis in range(3))
        x, y, z = (column[rows] for column in directions)
        dx, dy, dz = (
            to_unit[:, axis, 0:1] * x + to_unit[:, axis, 1:2] * y + to_unit[:, axis, 2:3] * z
            for axis in range(3)
        )
        shape = self.shape[primitives]
        t = INTERSECTORS[kind](UnitRays(ox, oy, oz, dx, dy, dz), shape[:, 0:1], shape[:, 1:2])
        t = torch.nan_to_num(t, nan=INFINITE, posinf=INFINITE)
        key = (t.view(torch.int32).to(torch.int64) << 32) | primitives[:, None]
        keys.scatter_reduce_(0, rows[:, None].expand_as(key), key, "amin")

    def _pairs(self, bundles: Bundles, reach: float, *, shadows: bool) -> tuple[Tensor, Tensor]:
        """Bundle and primitive of every pair that may meet."""
        axis, sine, cosine = _cones(bundles.direction)
        longest = bundles.direction.norm(dim=2).amax(dim=1) * reach
        nothing = torch.zeros(0, dtype=torch.int64, device=self.kind.device)
        found = [(nothing, nothing)]
        for scene, (first, last) in enumerate(zip(self.ranges[:-1], self.ranges[1:], strict=True)):
            near, far = bundles.scene[scene], bundles.scene[scene + 1]
            if near == far or first == last:
                continue
            every = (bundles.origin, axis, sine, cosine, longest)
            # In blocks that stay in a processor's cache.
            step = max(_CHUNK_RAYS[self.kind.device.type] // (last - first), 1)
            for start in range(near, far, step):
                block = slice(start, min(start + step, far))
                cones = _Cones(*(column[block] for column in every))
                meets = self._spheres(cones, first, last)
                if shadows:
                    meets &= self.shadow[first:last]
                row, column = meets.nonzero().unbind(1)
                found.append((row + start, column + first))
        rows = torch.cat([pair[0] for pair in found])
        primitives = torch.cat([pair[1] for pair in found])
        cones = _Cones(bundles.origin, axis, sine, cosine, longest)
        kept = self._boxes(_Cones(*(column[rows] for column in cones)), primitives)
        return rows[kept], primitives[kept]

    def _spheres(self, cones: _Cones, first: int, last: int) -> Tensor:
        """(N, P) whether the cone of a bundle reaches the sphere of a primitive."""
        origin, axis, sine, cosine, longest = cones
        centre, radius = self.centre[first:last], self.radius[first:last]
        # By differences, not as matrix products: those lose the digits of far lamps, and are less
        # exact where TF32 is on.
        along = torch.zeros((), device=centre.device)
        squared = along
        for side in range(3):
            apart = centre[None, :, side] - origin[:, side, None]
            along = torch.addcmul(along, apart, axis[:, side, None])
            squared = torch.addcmul(squared, apart, apart)
        aside = (squared - along * along).clamp_min(0.0).sqrt()
        allowed = radius * (1.0 + _SLACK) + 0.01
        inside = aside * cosine[:, None] - along * sine[:, None] <= allowed
        inside &= squared <= (longest[:, None] + allowed).square()
        return (inside & (along >= -allowed)) | (sine > 1.0)[:, None]

    def _boxes(self, cones: _Cones, primitives: Tensor) -> Tensor:
        """(K,) whether the cone of a pair reaches the primitive's box."""
        origin, axis, sine, _, longest = cones
        start, frame = origin - self.centre[primitives], self.axes[primitives]
        reach = torch.minimum(start.norm(dim=1) + self.radius[primitives], longest)
        grown = reach * sine * (1.0 + _SLACK) + 1e-3 * reach + 1e-3
        near = torch.zeros_like(grown)
        far = longest * (1.0 + _SLACK)
        flat = (self.kind[primitives] == int(Kind.QUAD)) | (self.kind[primitives] == int(Kind.DISC))
        for side in range(3):
            offset, slope = _dot(frame[:, side], start), _dot(frame[:, side], axis)
            half = self.half[primitives, side]
            half = (torch.where(flat, 0.0, half) if side == 2 else half) + grown
            inverse = 1.0 / torch.where(slope.abs() < 1e-9, torch.full_like(slope, 1e-9), slope)
            one, other = (-half - offset) * inverse, (half - offset) * inverse
            near = torch.maximum(near, torch.minimum(one, other))
            far = torch.minimum(far, torch.maximum(one, other))
        return near <= far

    def normals(self, primitive: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """How surfaces lie at points of theirs.

        Args:
            primitive: (M,) rows of the table.
            points: (M, 3) metres, world.

        Returns:
            (M, 3) unit normals, world (outwards, or up for flat kinds), and (M, 3) the points in
            the primitive's own frame, metres.
        """
        start = points - self.centre[primitive]
        local = torch.stack([_dot(self.axes[primitive, side], start) for side in range(3)], dim=1)
        unit = local / self.half[primitive]
        shape, kinds = self.shape[primitive], self.kind[primitive]
        gradient = torch.zeros_like(unit)
        for kind in Kind:
            rows = (kinds == int(kind)).nonzero()[:, 0]
            gradient[rows] = GRADIENTS[kind](unit[rows], shape[rows, 0], shape[rows, 1])
        # Gradients transform with the transposed map.
        to_unit = self.to_unit[primitive]
        world = sum(to_unit[:, side] * gradient[:, side, None] for side in range(3))
        assert isinstance(world, Tensor)  # noqa: S101 - three terms
        return torch.nn.functional.normalize(world, dim=1, eps=1e-20), local


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Sum over the last axis in a fixed order: matrix products differ with their batch."""
    return a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]


def _cones(directions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Axis (N, 3), sine and cosine (N,) of half the opening of the cone around each bundle."""
    unit = torch.nn.functional.normalize(directions, dim=2)
    axis = torch.nn.functional.normalize(unit.mean(dim=1), dim=1)
    cosine = _dot(unit, axis[:, None]).amin(dim=1).clamp(-1.0, 1.0)
    cosine = cosine * (1.0 - 1e-5)
    sine = (1.0 - cosine * cosine).clamp_min(0.0).sqrt()
    # Around a cone that is nearly a half space the tests would not hold: it reaches everything.
    return axis, torch.where(cosine < 0.05, _WIDE, sine), cosine
