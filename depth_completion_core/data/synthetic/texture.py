# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Procedural textures: how much of the accent colour, and how bright, at a point of a surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from depth_completion_core.transforms import Float64Array

_NOISE_CELLS = 512
_HASH_CELLS = 1 << 14


@dataclass(frozen=True, slots=True)
class SurfacePoints:
    """Points on surfaces that share one texture.

    Attributes:
        u: (N,) metres along the surface. Likewise v, which is up on upright surfaces.
        period_u: (N,) size of the texture's cell, metres. Likewise period_v.
        salt: (N,) int64, constant on a surface: makes two of a kind differ.
    """

    u: Tensor
    v: Tensor
    period_u: Tensor
    period_v: Tensor
    salt: Tensor

    def cells(self) -> tuple[Tensor, Tensor]:
        """(N,) and (N,) coordinates counted in cells."""
        return self.u / self.period_u, self.v / self.period_v


Pattern = tuple[Tensor, Tensor]
"""(N,) share of the accent colour, 0 to 1, and (N,) factor on the brightness, about 1."""


def fractal_noise(u: Tensor, v: Tensor) -> Tensor:
    """Smooth 1/f noise, zero mean and unit variance, that repeats after 512 units.

    Args:
        u: (N,) coordinates; the finest detail is one unit wide.
        v: (N,) the other coordinate.
    """
    tile = _noise_tile(u.dtype, u.device)
    column, row = torch.floor(u), torch.floor(v)
    fu, fv = u - column, v - row
    left, top = column.long() % _NOISE_CELLS, row.long() % _NOISE_CELLS
    right, below = (left + 1) % _NOISE_CELLS, (top + 1) % _NOISE_CELLS * _NOISE_CELLS
    top = top * _NOISE_CELLS
    upper = torch.lerp(tile[top + left], tile[top + right], fu)
    lower = torch.lerp(tile[below + left], tile[below + right], fu)
    return torch.lerp(upper, lower, fv)


def cell_random(column: Tensor, row: Tensor, salt: Tensor) -> Tensor:
    """(N,) uniform numbers from 0 to 1, one for each integer cell (given as floats) and salt."""
    index = (column.long() * 7919 + row.long() * 104729 + salt * 15485863) % _HASH_CELLS
    return _hash_table(column.dtype, column.device)[index]


def plain(at: SurfacePoints) -> Pattern:
    """One colour."""
    return torch.zeros_like(at.u), torch.ones_like(at.u)


def checker(at: SurfacePoints) -> Pattern:
    """A chess board."""
    a, b = at.cells()
    return (torch.floor(a) + torch.floor(b)) % 2, torch.ones_like(at.u)


def stripes(at: SurfacePoints) -> Pattern:
    """Stripes along v."""
    return (torch.frac(at.u / at.period_u).abs() < 0.5).to(at.u.dtype), torch.ones_like(at.u)


def bands(at: SurfacePoints) -> Pattern:
    """Bands along u."""
    return (torch.frac(at.v / at.period_v).abs() < 0.5).to(at.u.dtype), torch.ones_like(at.u)


def planks(at: SurfacePoints) -> Pattern:
    """Wooden boards along u, with seams of the accent colour and streaks."""
    a, b = at.cells()
    row = torch.floor(b)
    a = a + cell_random(row, row, at.salt)
    column = torch.floor(a)
    seam_u = (a - column) * at.period_u < 0.004
    seam_v = (b - row) * at.period_v < 0.004
    streaks = fractal_noise(at.u * 25 + row * 37, at.v * 350)
    tone = 0.82 + 0.34 * cell_random(column, row, at.salt) + 0.05 * streaks
    return (seam_u | seam_v).to(at.u.dtype) * 0.7, tone


def bricks(at: SurfacePoints) -> Pattern:
    """Bricks in running bond, with joints of the accent colour."""
    a, b = at.cells()
    row = torch.floor(b)
    a = a + 0.5 * (row % 2)
    column = torch.floor(a)
    joint = ((a - column) < 0.05) | ((b - row) < 0.14)
    tone = 0.75 + 0.45 * cell_random(column, row, at.salt)
    return joint.to(at.u.dtype), torch.where(joint, 1.0, tone)


def tiles(at: SurfacePoints) -> Pattern:
    """Slabs on a grid, with joints of the accent colour."""
    a, b = at.cells()
    column, row = torch.floor(a), torch.floor(b)
    joint = ((a - column) < 0.03) | ((b - row) < 0.03)
    return joint.to(at.u.dtype), 0.88 + 0.2 * cell_random(column, row, at.salt)


def patches(at: SurfacePoints) -> Pattern:
    """Soft blots of the accent colour: leaves, clouds, a lawn."""
    noise = fractal_noise(at.u / at.period_u * 32 + at.salt * 17, at.v / at.period_v * 32)
    return torch.sigmoid(3.0 * noise), 1.0 + 0.12 * noise


def painting(at: SurfacePoints) -> Pattern:
    """An abstract picture: contour lines of noise."""
    noise = fractal_noise(at.u / at.period_u * 40 + at.salt * 31, at.v / at.period_v * 40)
    return 0.5 + 0.5 * torch.sin(4.0 * noise), 1.0 + 0.35 * torch.sign(torch.sin(9.0 * noise))


def facade(at: SurfacePoints) -> Pattern:
    """A window of the accent colour in each cell, in a bright frame."""
    a, b = at.cells()
    column, row = torch.floor(a), torch.floor(b)
    x, y = (a - column - 0.5).abs(), (b - row - 0.52).abs()
    opening = (x < 0.26) & (y < 0.30)
    cross = (x < 0.018) | ((b - row - 0.64).abs() < 0.014)
    glass = (x < 0.235) & (y < 0.28) & ~cross
    ledge = (x < 0.30) & ((b - row - 0.20).abs() < 0.022)
    pane = 0.5 + 1.3 * cell_random(column, row, at.salt) + 0.9 * (b - row)
    tone = torch.where(opening | ledge, 1.45, torch.ones_like(at.u))
    return glass.to(at.u.dtype), torch.where(glass, pane, tone)


def road(at: SurfacePoints) -> Pattern:
    """Asphalt along u with markings of the accent colour; v counts from the right edge.

    The cell is one stroke of the dashed line long, and half the road wide.
    """
    a, b = at.cells()
    dashed = ((b - 1.0).abs() * at.period_v < 0.07) & (torch.frac(a) < 0.4)
    parking = ((b - 1.0).abs() - 0.63).abs() * at.period_v < 0.06
    worn = 0.9 - 0.12 * fractal_noise(at.u * 20, at.v * 20).clamp(-2, 2)
    wheel_tracks = 1.0 - 0.1 * torch.cos((b - 1.0).abs() * 20.0)
    marked = dashed | parking
    return marked.to(at.u.dtype) * worn, torch.where(marked, 1.0, wheel_tracks)


TEXTURES: dict[str, Callable[[SurfacePoints], Pattern]] = {
    pattern.__name__: pattern
    for pattern in (
        plain, checker, stripes, bands, planks, bricks, tiles, patches, painting, facade, road,
    )
}  # fmt: skip


@lru_cache(maxsize=8)
def _noise_tile(dtype: torch.dtype, device: torch.device) -> Tensor:
    """(512 * 512,) octaves of value noise, each half as strong as the next coarser one."""
    generator = np.random.default_rng(20240501)
    tile = np.zeros((_NOISE_CELLS, _NOISE_CELLS))
    cells = 8
    while cells <= _NOISE_CELLS:
        values = generator.standard_normal((cells, cells)) * (8 / cells) ** 0.6
        tile += _stretched(_stretched(values, _NOISE_CELLS).T, _NOISE_CELLS).T
        cells *= 2
    tile = (tile - tile.mean()) / tile.std()
    return torch.as_tensor(tile.ravel(), dtype=dtype, device=device)


def _stretched(values: Float64Array, length: int) -> Float64Array:
    """Periodic linear interpolation of the first axis to ``length`` rows."""
    position = np.arange(length) * len(values) / length
    first = position.astype(np.int64)
    fraction = (position - first)[:, None]
    return (1 - fraction) * values[first] + fraction * values[(first + 1) % len(values)]


@lru_cache(maxsize=8)
def _hash_table(dtype: torch.dtype, device: torch.device) -> Tensor:
    values = np.random.default_rng(7).random(_HASH_CELLS)
    return torch.as_tensor(values, dtype=dtype, device=device)
