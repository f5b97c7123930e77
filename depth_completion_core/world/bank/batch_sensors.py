# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sensors on batches of depth maps, on the device that holds them.

Cruder than ``sensors.py``: one law of noise for all kinds, and lidars see only what the map shows.
Every function draws from one generator of that device.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from depth_completion_core.world.bank.dense_batch import (
    DenseBatch,
    normal_like,
    per_frame,
    uniform_like,
)
from depth_completion_core.world.bank.lidar_lines import lidar_lines

__all__ = [
    "BANK_SENSORS",
    "BankSensor",
    "DenseBatch",
    "corners",
    "lidar_lines",
    "measure_batch",
    "rgbd",
    "uniform",
    "zones",
]

_CORNERS = (150, 500, 1500)
_MOST_CORNERS = 1500


BankSensor = Callable[[DenseBatch, torch.Generator], Tensor]
"""Sparse depth (B, H, W) from a batch whose depth is degraded already."""


def measure_batch(batch: DenseBatch, kinds: Tensor, generator: torch.Generator) -> Tensor:
    """What each frame's sensor measures.

    Args:
        batch: frames with clean depth, which stays as it is.
        kinds: (B,) int64 number of the sensor, in the order of :data:`BANK_SENSORS`; on the CPU.
        generator: of the device of the batch.

    Returns:
        (B, H, W) float32 metres; 0 where nothing was measured.
    """
    dense = batch._replace(depth=_degraded(batch.depth, generator))
    sparse = torch.zeros_like(dense.depth)
    for number, sensor in enumerate(BANK_SENSORS.values()):
        rows = (kinds == number).nonzero()[:, 0].to(batch.depth.device)
        if len(rows):
            sparse[rows] = sensor(DenseBatch(*(column[rows] for column in dense)), generator)
    return _misaligned(_with_losses(sparse, generator), generator)


def uniform(batch: DenseBatch, generator: torch.Generator) -> Tensor:
    """Each valid pixel with one probability per frame: 50 to 20,000 points are expected."""
    count = torch.exp(per_frame(batch.depth, generator, math.log(50.0), math.log(20000.0)))
    measurable = (batch.depth > 0).sum(dim=(1, 2), keepdim=True).clamp_min(1)
    return torch.where(uniform_like(batch.depth, generator) < count / measurable, batch.depth, 0.0)


def corners(batch: DenseBatch, generator: torch.Generator) -> Tensor:
    """150, 500 or 1500 corners (Shi and Tomasi) a little off, with a scale that drifts."""
    strength = _cornerness(batch.image) * (batch.depth > 0)
    peaks = functional.max_pool2d(strength[:, None], 5, 1, 2)[:, 0]
    strength = torch.where(strength == peaks, strength, 0.0).flatten(1)
    found = min(_MOST_CORNERS, strength.shape[1])
    best, place = strength.topk(found, dim=1)
    choice = torch.randint(
        len(_CORNERS), (len(strength), 1), generator=generator, device=strength.device
    )
    wanted = strength.new_tensor(_CORNERS)[choice]
    chosen = (torch.arange(found, device=strength.device)[None] < wanted) & (best > 0)
    scale = _drifting_scale(batch.depth, generator).flatten(1)
    depth = (batch.depth.flatten(1) * scale).gather(1, place)
    return _placed(torch.where(chosen, depth, 0.0), place, batch.depth, generator)


def zones(batch: DenseBatch, generator: torch.Generator) -> Tensor:
    """8 to 24 zones along a side, the mean of each on its middle pixel, up to 4 m."""
    _, height, width = batch.depth.shape
    count = int(torch.randint(8, 25, (1,), generator=generator, device=batch.depth.device))
    near = (batch.depth > 0) & (batch.depth < 4.0)
    total = functional.adaptive_avg_pool2d(torch.where(near, batch.depth, 0.0)[:, None], count)
    share = functional.adaptive_avg_pool2d(near.to(torch.float32)[:, None], count)[:, 0]
    mean = torch.where(share > 0.5, total[:, 0] / share.clamp_min(1e-6), 0.0)
    middle = (torch.arange(count, device=near.device) + 0.5) / count
    rows, columns = (middle * height).long(), (middle * width).long()
    sparse = torch.zeros_like(batch.depth)
    sparse[:, rows[:, None], columns[None]] = mean
    return sparse


def rgbd(batch: DenseBatch, generator: torch.Generator) -> Tensor:
    """All pixels up to 8 m, but blotches, the darkest and brightest places, and edges."""
    depth = batch.depth
    count, height, width = depth.shape
    coarse = torch.randn((count, 1, 11, 15), generator=generator, device=depth.device)
    smooth = functional.interpolate(coarse, (height, width), mode="bilinear", align_corners=False)
    light = batch.image.mean(dim=1)
    lost = smooth[:, 0] > per_frame(depth, generator, 0.4, 1.6)
    lost |= (light < 0.03) | (light > 0.98) | _at_edge(depth) | (depth > 8.0) | (depth < 0.3)
    return torch.where(lost, 0.0, depth)


BANK_SENSORS: dict[str, BankSensor] = {
    "uniform": uniform,
    "corners": corners,
    "lidar_lines": lidar_lines,
    "zones": zones,
    "rgbd": rgbd,
}
"""Sensors by name."""


def _at_edge(depth: Tensor) -> Tensor:
    """Whether depths differ by 5 % within the 3x3 pixels around."""
    known = torch.where(depth > 0, depth, 1e4)[:, None]
    nearest = -functional.max_pool2d(-known, 3, 1, 1)
    farthest = functional.max_pool2d(depth[:, None], 3, 1, 1)
    return (farthest > 1.05 * nearest)[:, 0]


def _degraded(depth: Tensor, generator: torch.Generator) -> Tensor:
    """Noise (constant and growing with the depth), and mixed pixels at edges."""
    ratio = 0.03 * per_frame(depth, generator, 0.0, 1.0).square()
    constant = 0.02 * per_frame(depth, generator, 0.0, 1.0)
    noisy = depth * (1.0 + ratio * normal_like(depth, generator))
    noisy = noisy + constant * normal_like(depth, generator)
    blurred = functional.avg_pool2d(depth[:, None], 3, 1, 1, count_include_pad=False)[:, 0]
    mixes = _at_edge(depth) & (
        uniform_like(depth, generator) < per_frame(depth, generator, 0.0, 0.4)
    )
    return torch.where(depth > 0, torch.where(mixes, blurred, noisy).clamp_min(0.01), 0.0)


def _with_losses(sparse: Tensor, generator: torch.Generator) -> Tensor:
    """Dropouts of up to 30 % and outliers of up to 5 %, each in every other frame."""
    lost = 0.6 * (per_frame(sparse, generator, 0.0, 1.0) - 0.5).clamp_min(0.0)
    wrong = 0.1 * (per_frame(sparse, generator, 0.0, 1.0) - 0.5).clamp_min(0.0)
    kept = torch.where(uniform_like(sparse, generator) < lost, 0.0, sparse)
    far = sparse.amax(dim=(1, 2), keepdim=True)
    anywhere = far * torch.exp(-3.0 * uniform_like(sparse, generator))
    return torch.where((uniform_like(sparse, generator) < wrong) & (kept > 0), anywhere, kept)


def _misaligned(sparse: Tensor, generator: torch.Generator) -> Tensor:
    """Moved by up to 3 pixels, in every other frame by none."""
    count, height, width = sparse.shape
    apart = 6.0 * (per_frame(sparse, generator, 0.0, 1.0) - 0.5).clamp_min(0.0)
    angle = per_frame(sparse, generator, 0.0, 2 * math.pi)
    dx, dy = (apart * torch.cos(angle)).round().long(), (apart * torch.sin(angle)).round().long()
    rows = torch.arange(height, device=sparse.device)[None, :, None] - dy
    columns = torch.arange(width, device=sparse.device)[None, None] - dx
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    index = rows.clamp(0, height - 1) * width + columns.clamp(0, width - 1)
    moved = sparse.flatten(1).gather(1, index.flatten(1)).reshape(count, height, width)
    return torch.where(inside, moved, 0.0)


def _drifting_scale(depth: Tensor, generator: torch.Generator) -> Tensor:
    """(B, H, W) a scale that is off by 3 %, and by half of that more in parts of the image."""
    coarse = torch.randn((len(depth), 1, 3, 4), generator=generator, device=depth.device)
    parts = functional.interpolate(coarse, depth.shape[1:], mode="bilinear", align_corners=False)[
        :, 0
    ]
    return torch.exp(0.03 * (normal_like(depth[:, :1, :1], generator) + 0.5 * parts))


def _cornerness(image: Tensor) -> Tensor:
    """(B, H, W) the smaller eigenvalue of the structure tensor."""
    grey = image.mean(dim=1, keepdim=True)
    padded = functional.pad(grey, (1, 1, 1, 1), mode="replicate")
    gx = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2])[:, 0]
    gy = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1])[:, 0]
    products = torch.stack([gx * gx, gy * gy, gx * gy], dim=1)
    xx, yy, xy = functional.avg_pool2d(products, 3, 1, 1).unbind(1)
    half = 0.5 * (xx - yy)
    return (0.5 * (xx + yy) - torch.sqrt(half * half + xy * xy)).clamp_min(0.0)


def _placed(depth: Tensor, place: Tensor, like: Tensor, generator: torch.Generator) -> Tensor:
    """Points (B, N) on flat pixels, each off by about one; the nearest of a pixel wins."""
    _, height, width = like.shape
    offset = torch.randn((2, *depth.shape), generator=generator, device=depth.device) * 0.7
    row = (place // width + offset[0].round().long()).clamp(0, height - 1)
    column = (place % width + offset[1].round().long()).clamp(0, width - 1)
    far = torch.full_like(like, math.inf).flatten(1)
    known = torch.where(depth > 0, depth, math.inf)
    nearest = far.scatter_reduce(1, row * width + column, known, "amin").reshape(like.shape)
    return torch.where(torch.isinf(nearest), 0.0, nearest)
