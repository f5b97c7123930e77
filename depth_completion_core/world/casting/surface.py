# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a surface lies at a point of it: normals in the unit frame of each kind."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from depth_completion_core.world.casting.implicit import (
    Field,
    marcher,
    sheet,
    superellipsoid,
    torus,
)
from depth_completion_core.world.casting.intersect import (
    Intersector,
    box,
    capsule,
    disc,
    ellipsoid,
    frustum,
    quad,
    tube,
)
from depth_completion_core.world.casting.primitives import Kind

_STEP = 1e-3

Gradient = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Of (M, 3) points, and the two shape numbers (M,): (M, 3) directions across the surface."""


def _box(points: Tensor, _first: Tensor, _second: Tensor) -> Tensor:
    size = points.abs()
    largest = size.amax(dim=1, keepdim=True)
    return torch.where(size >= largest * (1.0 - 1e-6), points.sign(), 0.0)


def _ellipsoid(points: Tensor, _first: Tensor, _second: Tensor) -> Tensor:
    return points


def _frustum(points: Tensor, radius: Tensor, _second: Tensor) -> Tensor:
    slope = 0.5 * (radius - 1.0)
    here = 0.5 * (1.0 + radius) + slope * points[:, 2]
    side = torch.stack([points[:, 0], points[:, 1], -slope * here], dim=1)
    lid = torch.stack([torch.zeros_like(here), torch.zeros_like(here), points[:, 2]], dim=1)
    inside = points[:, :2].square().sum(1) < (here - 2e-3).clamp_min(0.0).square()
    on_lid = (points[:, 2].abs() > 1.0 - 1e-3) & inside
    return torch.where(on_lid[:, None], lid, side)


def _capsule(points: Tensor, end: Tensor, _second: Tensor) -> Tensor:
    beyond = (points[:, 2].abs() - (1.0 - end)).clamp_min(0.0) * points[:, 2].sign()
    return torch.stack([points[:, 0], points[:, 1], beyond / end.square()], dim=1)


def _flat(points: Tensor, _first: Tensor, _second: Tensor) -> Tensor:
    return torch.zeros_like(points) + points.new_tensor([0.0, 0.0, 1.0])


def _of_field(field: Field) -> Gradient:
    def gradient(points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        x, y, z = points.unbind(1)

        def at(dx: float, dy: float, dz: float) -> Tensor:
            return field(x + dx, y + dy, z + dz, first, second)

        h = _STEP
        columns = (
            at(h, 0, 0) - at(-h, 0, 0),
            at(0, h, 0) - at(0, -h, 0),
            at(0, 0, h) - at(0, 0, -h),
        )
        return torch.stack(columns, dim=1)

    return gradient


INTERSECTORS: dict[Kind, Intersector] = {
    Kind.BOX: box,
    Kind.ELLIPSOID: ellipsoid,
    Kind.FRUSTUM: frustum,
    Kind.TUBE: tube,
    Kind.CAPSULE: capsule,
    Kind.TORUS: marcher(torus),
    Kind.SUPERELLIPSOID: marcher(superellipsoid),
    Kind.QUAD: quad,
    Kind.DISC: disc,
    Kind.SHEET: marcher(sheet),
}
"""How rays meet each kind."""

GRADIENTS: dict[Kind, Gradient] = {
    Kind.BOX: _box,
    Kind.ELLIPSOID: _ellipsoid,
    Kind.FRUSTUM: _frustum,
    Kind.TUBE: _frustum,
    Kind.CAPSULE: _capsule,
    Kind.TORUS: _of_field(torus),
    Kind.SUPERELLIPSOID: _of_field(superellipsoid),
    Kind.QUAD: _flat,
    Kind.DISC: _flat,
    Kind.SHEET: _of_field(sheet),
}
"""How the surface of each kind lies."""
