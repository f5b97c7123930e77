# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where rays meet primitives, in the unit frame of each; all of them closed formulas.

A ray is o + t d; o and d are given as three tensors each that broadcast, and t comes back as one,
infinite where nothing is met. Lengths of d are kept, so t is the same in every frame.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

INFINITE = float("inf")
_TINY = 1e-12


class UnitRays(NamedTuple):
    """Rays in the unit frame; (K, R) or shapes that broadcast to it."""

    ox: Tensor
    oy: Tensor
    oz: Tensor
    dx: Tensor
    dy: Tensor
    dz: Tensor

    def at(self, t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The points at t."""
        return self.ox + t * self.dx, self.oy + t * self.dy, self.oz + t * self.dz

    def shifted(self, t: Tensor) -> UnitRays:
        """The same lines, counted from t: near its origin a root loses no digits."""
        return UnitRays(*self.at(t), self.dx, self.dy, self.dz)


Intersector = Callable[[UnitRays, Tensor, Tensor], Tensor]
"""Of rays and the two shape numbers (K, 1): t (K, R)."""


def safe_inverse(x: Tensor) -> Tensor:
    """1 / x, large but finite for 0."""
    return 1.0 / torch.where(x.abs() < _TINY, torch.full_like(x, _TINY), x)


def slabs(rays: UnitRays) -> tuple[Tensor, Tensor]:
    """T at which the cube is entered and left; it is missed where the first is larger."""
    near, far = None, None
    for origin, direction in zip(rays[:3], rays[3:], strict=True):
        inverse = safe_inverse(direction)
        first, second = (-1.0 - origin) * inverse, (1.0 - origin) * inverse
        low, high = torch.minimum(first, second), torch.maximum(first, second)
        near = low if near is None else torch.maximum(near, low)
        far = high if far is None else torch.minimum(far, high)
    assert near is not None  # noqa: S101 - three axes
    assert far is not None  # noqa: S101
    return near, far


def box(rays: UnitRays, _first: Tensor, _second: Tensor) -> Tensor:
    """The cube, from outside or inside."""
    near, far = slabs(rays)
    t = torch.where(near > 0, near, far)
    return torch.where((near <= far) & (t > 0), t, INFINITE)


def _roots(a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Both roots of a t² + 2 b t + c, the lower first where a > 0; NaN where there are none."""
    root = torch.sqrt(b * b - a * c)
    inverse = safe_inverse(a)
    return (-b - root) * inverse, (-b + root) * inverse


def ellipsoid(rays: UnitRays, low: Tensor, high: Tensor) -> Tensor:
    """The unit sphere between two heights."""
    a = rays.dx * rays.dx + rays.dy * rays.dy + rays.dz * rays.dz
    start = -(rays.ox * rays.dx + rays.oy * rays.dy + rays.oz * rays.dz) / a
    x, y, z = rays.at(start)
    half = torch.sqrt((1.0 - x * x - y * y - z * z) / a)
    best = torch.full_like(half, INFINITE)
    for offset in (half, -half):
        height = z + offset * rays.dz
        t = start + offset
        best = torch.where((height >= low) & (height <= high) & (t > 0), t, best)
    return best


def _mantle(rays: UnitRays, radius: Tensor) -> Tensor:
    """The side of a frustum of radius 1 below and ``radius`` above."""
    across = rays.dx * rays.dx + rays.dy * rays.dy
    start = -(rays.ox * rays.dx + rays.oy * rays.dy) / across.clamp_min(_TINY)
    moved = rays.shifted(start)
    middle, slope = 0.5 * (1.0 + radius), 0.5 * (radius - 1.0)
    here = middle + slope * moved.oz
    a = across - (slope * rays.dz) ** 2
    b = moved.ox * rays.dx + moved.oy * rays.dy - slope * rays.dz * here
    c = moved.ox * moved.ox + moved.oy * moved.oy - here * here
    best = torch.full_like(c, INFINITE)
    for root in _roots(a, b, c):
        height, t = moved.oz + root * rays.dz, start + root
        good = (height.abs() <= 1.0) & (t > 0) & (t < best)
        best = torch.where(good, t, best)
    return best


def _lid(rays: UnitRays, height: float, radius_squared: Tensor | float) -> Tensor:
    t = (height - rays.oz) * safe_inverse(rays.dz)
    x, y = rays.ox + t * rays.dx, rays.oy + t * rays.dy
    return torch.where((x * x + y * y <= radius_squared) & (t > 0), t, INFINITE)


def tube(rays: UnitRays, radius: Tensor, _second: Tensor) -> Tensor:
    """A frustum without lids."""
    return _mantle(rays, radius)


def frustum(rays: UnitRays, radius: Tensor, _second: Tensor) -> Tensor:
    """A frustum with lids."""
    lids = torch.minimum(_lid(rays, -1.0, 1.0), _lid(rays, 1.0, radius * radius))
    return torch.minimum(_mantle(rays, radius), lids)


def capsule(rays: UnitRays, end: Tensor, _second: Tensor) -> Tensor:
    """A cylinder with two half ellipsoids of height ``end``."""
    reach = 1.0 - end
    across = rays.dx * rays.dx + rays.dy * rays.dy
    start = -(rays.ox * rays.dx + rays.oy * rays.dy) / across.clamp_min(_TINY)
    x, y, z = rays.at(start)
    half = torch.sqrt((1.0 - x * x - y * y) / across.clamp_min(_TINY))
    best = torch.full_like(half, INFINITE)
    for offset in (half, -half):
        t = start + offset
        inside = ((z + offset * rays.dz).abs() <= reach) & (t > 0)
        best = torch.where(inside, t, best)
    for side in (-1.0, 1.0):
        oz, dz = (rays.oz - side * reach) / end, rays.dz / end
        end_rays = UnitRays(rays.ox, rays.oy, oz, rays.dx, rays.dy, dz)
        best = torch.minimum(best, _half_ball(end_rays, side))
    return best


def _half_ball(rays: UnitRays, side: float) -> Tensor:
    """The half of the unit sphere on one side of z = 0."""
    low = torch.zeros_like(rays.oz) if side > 0 else torch.full_like(rays.oz, -2.0)
    return ellipsoid(rays, low, low + 2.0)


def quad(rays: UnitRays, _first: Tensor, _second: Tensor) -> Tensor:
    """The square."""
    t = -rays.oz * safe_inverse(rays.dz)
    x, y = rays.ox + t * rays.dx, rays.oy + t * rays.dy
    return torch.where((x.abs() <= 1.0) & (y.abs() <= 1.0) & (t > 0), t, INFINITE)


def disc(rays: UnitRays, inner: Tensor, _second: Tensor) -> Tensor:
    """The disc with a hole."""
    t = -rays.oz * safe_inverse(rays.dz)
    x, y = rays.ox + t * rays.dx, rays.oy + t * rays.dy
    radius = x * x + y * y
    return torch.where((radius <= 1.0) & (radius >= inner * inner) & (t > 0), t, INFINITE)
