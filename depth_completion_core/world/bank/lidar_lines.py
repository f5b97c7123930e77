# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lidars on batches of depth maps: patterns at the camera, shadows as seen from beside it."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from depth_completion_core.world.bank.dense_batch import DenseBatch, per_frame

_ROSETTES = 0.15
_MOUNT_M = 0.25
_HIDDEN_RATIO = 1.05
_ROSETTE_POINTS = 10_000
_ROSETTE_RAD = math.radians(19.2)


def lidar_lines(batch: DenseBatch, generator: torch.Generator) -> Tensor:
    """8 to 64 lines over 15 to 60 degrees, fired every 0.1 to 0.4 degrees; some rosettes.

    Lines and rosettes lie as a lidar at the camera would draw them. What a lidar up to 0.25 m
    beside the camera does not see is left out, in every other frame.
    """
    lines, rosettes = _lines(batch, generator), _rosettes(batch, generator)
    chosen = torch.where(per_frame(batch.depth, generator, 0.0, 1.0) < _ROSETTES, rosettes, lines)
    half = _MOUNT_M * (per_frame(batch.depth, generator, 0.0, 1.0) > 0.5)
    mount = [half * per_frame(batch.depth, generator, -1.0, 1.0) for _ in range(2)]
    seen = seen_from(batch, mount[0], mount[1])
    return torch.where(chosen & seen, batch.depth, 0.0)


def seen_from(batch: DenseBatch, right: Tensor, down: Tensor) -> Tensor:
    """(B, H, W) whether what a pixel shows is in sight from beside the camera.

    Args:
        batch: frames.
        right: (B, 1, 1) metres to the right of the camera.
        down: (B, 1, 1) metres below it.
    """
    depth = batch.depth
    _, height, width = depth.shape
    fx, fy = (column[:, None, None] for column in batch.focal.unbind(1)[:2])
    inverse = torch.where(depth > 0, 1.0 / depth.clamp_min(1e-3), 0.0)
    columns = torch.arange(width, device=depth.device)[None, None] - fx * right * inverse
    rows = torch.arange(height, device=depth.device)[None, :, None] - fy * down * inverse
    column, row = (columns + 0.5).floor().long(), (rows + 0.5).floor().long()
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height) & (depth > 0)
    place = (row.clamp(0, height - 1) * width + column.clamp(0, width - 1)).flatten(1)
    # Inverse depth, as the nearest is its maximum and nothing is 0.
    there = torch.where(inside, inverse, 0.0).flatten(1)
    nearest = torch.zeros_like(there).scatter_reduce(1, place, there, "amax")
    # Near objects may have gaps where they grow: their neighbours cover those.
    closed = functional.max_pool2d(nearest.reshape(depth.shape)[:, None], 3, 1, 1).flatten(1)
    before = closed.gather(1, place).reshape(depth.shape)
    moves = (right != 0) | (down != 0)
    return ~(inside & moves & (before > _HIDDEN_RATIO * inverse))


def _lines(batch: DenseBatch, generator: torch.Generator) -> Tensor:
    """(B, H, W) pixels that lines cross, where a firing hits them."""
    depth = batch.depth
    lines = torch.exp2(torch.floor(per_frame(depth, generator, 3.0, 7.0)).clamp_max(6.0))
    opening = torch.deg2rad(per_frame(depth, generator, 15.0, 60.0))
    middle = torch.deg2rad(per_frame(depth, generator, -15.0, 5.0))
    step = torch.deg2rad(per_frame(depth, generator, 0.1, 0.4))
    x, y = batch.slopes()
    elevation = torch.atan2(-y, torch.sqrt(1.0 + x * x)) - middle
    line = elevation / opening * (lines - 1.0)
    inside = (elevation.abs() <= 0.5 * opening)[:, :-1]
    on_line = torch.floor(line[:, :-1]) != torch.floor(line[:, 1:])
    firing = torch.floor(torch.atan(x) / step)
    fired = functional.pad(firing[:, :, 1:] != firing[:, :, :-1], (0, 1))
    return functional.pad(inside & on_line, (0, 0, 0, 1)) & fired


def _rosettes(batch: DenseBatch, generator: torch.Generator) -> Tensor:
    """(B, H, W) pixels under 2,000 to 10,000 points of a pattern as of :func:`beams.rosette`."""
    depth = batch.depth
    _, height, width = depth.shape
    amount = per_frame(depth, generator, 2000.0, _ROSETTE_POINTS)[:, :, 0]
    phase = per_frame(depth, generator, 0.0, 2 * math.pi)[:, :, 0]
    number = torch.arange(_ROSETTE_POINTS, device=depth.device)[None]
    # Turns per point at 100,000 points per second; each prism turns by its own rate.
    first = phase - number * (7294.0 / 6e6 * 2 * math.pi)
    second = 0.7 * phase + number * (4664.0 / 6e6 * 2 * math.pi)
    size = 0.5 * math.tan(_ROSETTE_RAD)
    fx, fy, cx, cy = (column[:, None] for column in batch.focal.unbind(1))
    column = (cx + fx * size * (torch.cos(first) + torch.cos(second)) + 0.5).floor().long()
    row = (cy + fy * size * (torch.sin(first) + torch.sin(second)) + 0.5).floor().long()
    there = (column >= 0) & (column < width) & (row >= 0) & (row < height) & (number < amount)
    place = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
    hits = torch.zeros_like(depth).flatten(1)
    return hits.scatter_reduce(1, place, there.to(hits.dtype), "amax").reshape(depth.shape) > 0
