# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rays of a lidar's turn: the same hits as one cast would give, several times as fast.

The columns of a turn leave from places of their own, so a bundle is at most a column: a tall fan,
whose cone reaches much that no ray meets. So the turn is cut into sectors, each with a scene of the
primitives near it, and columns into short pieces.
"""

from __future__ import annotations

import math
from dataclasses import fields
from itertools import pairwise

import torch
from torch import Tensor

from depth_completion_core.world.casting.cast import Bundles, CastScenes, Hit

_SECTORS, _PIECE = 16, 8
_SLACK_M = 0.02


def cast_turn(cast: CastScenes, columns: Bundles) -> Hit:
    """What the rays of all columns meet.

    Args:
        cast: one scene.
        columns: N bundles in the order of firing, each of one column's R rays.

    Returns:
        (N, R), primitives as rows of ``cast``.
    """
    count, rings, _ = columns.direction.shape
    piece = math.gcd(rings, _PIECE)
    ends = [count * number // _SECTORS for number in range(_SECTORS + 1)]
    near = [_near(cast, columns, slice(*pair)) for pair in pairwise(ends)]
    rows = torch.cat(near)
    pieces = Bundles(
        columns.origin.repeat_interleave(rings // piece, dim=0),
        columns.direction.reshape(-1, piece, 3),
        [end * (rings // piece) for end in ends],
    )
    hit = _parts(cast, near, rows).cast(pieces)
    met = hit.primitive.reshape(count, rings)
    padded = torch.cat([rows, rows.new_tensor([-1])])
    return Hit(hit.t.reshape(count, rings), padded[met])


def _near(cast: CastScenes, columns: Bundles, sector: slice) -> Tensor:
    """Rows of the primitives whose spheres the cone around a sector's rays may reach."""
    origins = columns.origin[sector]
    if not len(origins):
        return torch.zeros(0, dtype=torch.int64, device=cast.kind.device)
    rays = torch.nn.functional.normalize(columns.direction[sector].reshape(-1, 3), dim=1)
    axis = torch.nn.functional.normalize(rays.mean(dim=0), dim=0)
    half_angle = torch.arccos((rays @ axis).min().clamp(-1.0, 1.0)) + 1e-3
    middle = origins.mean(dim=0)
    grown = cast.radius * 1.01 + (origins - middle).norm(dim=1).max() + _SLACK_M
    towards = cast.centre - middle
    distance = towards.norm(dim=1)
    angle = torch.arccos((towards @ axis / distance.clamp_min(1e-6)).clamp(-1.0, 1.0))
    widened = half_angle + torch.arcsin((grown / distance.clamp_min(1e-6)).clamp_max(1.0))
    rows: Tensor = ((angle <= widened) | (distance <= grown)).nonzero()[:, 0]
    return rows


def _parts(cast: CastScenes, near: list[Tensor], rows: Tensor) -> CastScenes:
    """A scene for each sector."""
    ends = torch.tensor([0, *(len(each) for each in near)]).cumsum(0).tolist()
    columns = {
        field.name: getattr(cast, field.name)[rows]
        for field in fields(cast)
        if field.name != "ranges"
    }
    return CastScenes(ranges=ends, **columns)
