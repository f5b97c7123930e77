# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Propagation to neighbours between the pixels, against one batched grid_sample for each step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from depth_completion_core.models.propagation.engine import propagate
from depth_completion_core.models.propagation.steps import plain_step
from depth_completion_core.models.propagation.taps import Taps, bilinear_taps

STEPS = 18
_NEIGHBOURS = 9


def propagation_group(height: int, width: int) -> dict[str, Callable[[], object]]:
    """NLSPN's steps on random offsets and affinities that sum to 1."""
    start, offset, weight = random_propagation(height, width)
    taps = bilinear_taps(offset, weight)
    return {
        "grid_sample, batched": lambda: with_grid_sample(start, offset, weight),
        "taps and steps": lambda: propagate(start, bilinear_taps(offset, weight), steps=STEPS),
        "taps": lambda: bilinear_taps(offset, weight),
        "steps": lambda: propagate(start, taps, steps=STEPS),
        "steps by plain gathers": lambda: with_plain_steps(start, taps),
    }


@torch.inference_mode()
def with_grid_sample(start: Tensor, offset: Tensor, weight: Tensor) -> Tensor:
    """The same steps as most implementations take them.

    Args:
        start: (1, 1, H, W).
        offset: (1, K, 2, H, W) pixels, down and right.
        weight: (1, K, H, W).

    Returns:
        (1, 1, H, W) after 18 steps.
    """
    height, width = start.shape[-2:]
    rows = torch.arange(height).to(start)[:, None] + offset[:, :, 0]
    columns = torch.arange(width).to(start) + offset[:, :, 1]
    grid = torch.stack([2 * columns / (width - 1) - 1, 2 * rows / (height - 1) - 1], dim=-1)
    grid = grid.view(1, -1, width, 2)
    values = start
    for _ in range(STEPS):
        found = grid_sample(values, grid, align_corners=True).view(weight.shape)
        values = (found * weight).sum(dim=1, keepdim=True)
    return values


@torch.inference_mode()
def with_plain_steps(start: Tensor, taps: Taps) -> Tensor:
    """By gathers, (1, 1, H, W) after 18 steps."""
    step, values = plain_step(taps), start
    for _ in range(STEPS):
        values = step(values)
    return values


@torch.inference_mode()
def with_deformable_convolution(start: Tensor, offset: Tensor, weight: Tensor) -> Tensor:
    """As deform_conv2d works: where each step takes its depth from is worked out in each step."""
    values = start
    for _ in range(STEPS):
        values = plain_step(bilinear_taps(offset, weight))(values)
    return values


def random_propagation(height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Depth to begin with, offsets, and affinities that sum to 1."""
    random = torch.Generator().manual_seed(0)
    shape = (1, _NEIGHBOURS, height, width)
    offset = 1.5 * torch.randn((1, _NEIGHBOURS, 2, height, width), generator=random)
    weight = torch.rand(shape, generator=random)
    start = 10 * torch.rand((1, 1, height, width), generator=random)
    return start, offset, weight / weight.sum(dim=1, keepdim=True)
