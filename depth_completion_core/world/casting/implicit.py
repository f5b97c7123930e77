# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Primitives without a closed formula: sampled along the ray inside their cube, then bisected."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from depth_completion_core.world.casting.intersect import (
    INFINITE,
    Intersector,
    UnitRays,
    slabs,
)

_SAMPLES = 24
_BISECTIONS = 11
_NEGLIGIBLE = 1e-6

Field = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]
"""Of x, y, z and the two shape numbers: 0 on the surface; it changes its sign there."""


def torus(x: Tensor, y: Tensor, z: Tensor, thickness: Tensor, _second: Tensor) -> Tensor:
    """A ring; ``thickness`` is half the tube over the outer radius."""
    outward = (torch.sqrt(x * x + y * y) - (1.0 - thickness)) / thickness
    return outward * outward + z * z - 1.0


def superellipsoid(x: Tensor, y: Tensor, z: Tensor, round_: Tensor, upright: Tensor) -> Tensor:
    """A cushion: exponents of its outline and of its profile; 2 is a ball, larger is boxy."""
    outline = _power(x, round_) + _power(y, round_)
    return _power(outline, upright / round_) + _power(z, upright) - 1.0


def sheet(x: Tensor, y: Tensor, z: Tensor, waves: Tensor, phase: Tensor) -> Tensor:
    """A cloth with folds across x, and gentler ones along y."""
    folds = torch.sin(waves * x + phase + 0.7 * torch.sin(2.1 * y + phase))
    swell = torch.sin(1.9 * y + 0.6 * waves * x + 2.0 * phase)
    return z - 0.65 * folds - 0.3 * swell


def _power(base: Tensor, exponent: Tensor) -> Tensor:
    return torch.exp(exponent * torch.log(base.abs().clamp_min(_NEGLIGIBLE)))


def marcher(field: Field) -> Intersector:
    """The intersector of a field."""

    def meet(rays: UnitRays, first: Tensor, second: Tensor) -> Tensor:
        near, far = slabs(rays)
        near = near.clamp_min(0.0)
        t = torch.full_like(near, INFINITE)
        rows = (near < far).flatten().nonzero()[:, 0]
        if len(rows):
            columns = [
                column.expand_as(near).reshape(-1)[rows] for column in (*rays, first, second)
            ]
            part = UnitRays(*columns[:6])
            span = (near.reshape(-1)[rows], far.reshape(-1)[rows])
            t.view(-1)[rows] = _first_crossing(field, part, span, columns[6], columns[7])
        return t

    return meet


def _first_crossing(
    field: Field, rays: UnitRays, span: tuple[Tensor, Tensor], first: Tensor, second: Tensor
) -> Tensor:
    """T (M,) of the first change of sign that the samples show."""
    near, far = span
    step = (far - near) / _SAMPLES
    low = torch.full_like(near, INFINITE)
    before = field(*rays.at(near), first, second) > 0
    outside = before
    for sample in range(1, _SAMPLES + 1):
        now = field(*rays.at(near + sample * step), first, second) > 0
        crossed = (now != before) & torch.isinf(low)
        low = torch.where(crossed, near + (sample - 1) * step, low)
        outside = torch.where(crossed, before, outside)
        before = now
    found = (~torch.isinf(low)).nonzero()[:, 0]
    t = low
    part = UnitRays(*(column[found] for column in rays))
    sought = (low[found], step[found], outside[found])
    t[found] = _bisected(field, part, sought, first[found], second[found])
    return t


def _bisected(
    field: Field,
    rays: UnitRays,
    sought: tuple[Tensor, Tensor, Tensor],
    first: Tensor,
    second: Tensor,
) -> Tensor:
    low, step, outside = sought
    for _ in range(_BISECTIONS):
        step = step * 0.5
        still = (field(*rays.at(low + step), first, second) > 0) == outside
        low = torch.where(still, low + step, low)
    return low + 0.5 * step
