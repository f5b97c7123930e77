# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random changes of whole batches on their device, before sensors measure them."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from depth_completion_core.training.feeds.bank_augmentation import BankAugmentation
from depth_completion_core.world.bank.batch_sensors import DenseBatch


def augmented(
    config: BankAugmentation, frames: DenseBatch, generator: torch.Generator
) -> DenseBatch:
    """Frames that are as true as those given, which stay as they are.

    Args:
        config: how far they are changed.
        frames: B frames.
        generator: of their device; every setting draws its numbers, on or off.
    """
    count, _, height, width = frames.image.shape
    size = (config.crop_height_px or height, config.crop_width_px or width)
    draws = torch.rand((7, count), generator=generator, device=frames.image.device)
    changed = frames
    if config.zoom_max > 1.0 or config.flip > 0.0 or size != (height, width):
        window = window_of(draws[:4], config.zoom_max, config.flip, size, (height, width))
        changed = seen_through(frames, window, size)
    ranges = (config.brightness, config.contrast, config.saturation)
    if any(ranges):
        factors = 1.0 + (2.0 * draws[4:] - 1.0) * draws.new_tensor(ranges)[:, None]
        changed = changed._replace(image=recoloured(changed.image, *factors.unbind(0)))
    return changed


class Window(NamedTuple):
    """Crops, (B,) each: where they begin in the enlarged image, its factor, whether mirrored."""

    left: Tensor
    top: Tensor
    zoom: Tensor
    flips: Tensor


def window_of(
    draws: Tensor, zoom_max: float, flip: float, size: tuple[int, int], full: tuple[int, int]
) -> Window:
    """Random windows.

    Args:
        draws: (4, B) uniform numbers in 0..1.
        zoom_max: greatest factor.
        flip: probability that a window is mirrored.
        size: height and width of what is seen.
        full: height and width of the frames.
    """
    zoom = torch.exp(math.log(zoom_max) * draws[0])
    return Window(
        left=draws[1] * (full[1] * zoom - size[1]),
        top=draws[2] * (full[0] * zoom - size[0]),
        zoom=zoom,
        flips=draws[3] < flip,
    )


def seen_through(frames: DenseBatch, window: Window, size: tuple[int, int]) -> DenseBatch:
    """What windows of (height, width) show of frames; depth is never blended."""
    _, _, height, width = frames.image.shape
    device = frames.image.device
    row = torch.arange(size[0], device=device)[None] + 0.5
    column = torch.arange(size[1], device=device)[None] + 0.5
    column = torch.where(window.flips[:, None], size[1] - column, column)
    # Of grid_sample: -1 and 1 are the outer edges of the first and the last pixel.
    y = 2.0 * (row + window.top[:, None]) / (height * window.zoom)[:, None] - 1.0
    x = 2.0 * (column + window.left[:, None]) / (width * window.zoom)[:, None] - 1.0
    shape = (len(x), *size)
    grid = torch.stack([x[:, None].expand(shape), y[:, :, None].expand(shape)], dim=-1)
    image = functional.grid_sample(
        frames.image, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    depth = functional.grid_sample(
        frames.depth[:, None], grid, mode="nearest", padding_mode="border", align_corners=False
    )[:, 0]
    fx, fy, cx, cy = frames.focal.unbind(1)
    cx = (cx + 0.5) * window.zoom - window.left - 0.5
    cy = (cy + 0.5) * window.zoom - window.top - 0.5
    cx = torch.where(window.flips, size[1] - 1 - cx, cx)
    focal = torch.stack([fx * window.zoom, fy * window.zoom, cx, cy], dim=1)
    return DenseBatch(image, depth, focal)


def recoloured(image: Tensor, brightness: Tensor, contrast: Tensor, saturation: Tensor) -> Tensor:
    """(B, 3, H, W) under another light: factors (B,) of brightness, contrast, saturation."""
    brightness, contrast, saturation = (
        factor[:, None, None, None] for factor in (brightness, contrast, saturation)
    )
    colours = image * brightness
    mean = _grey(colours).mean(dim=(1, 2, 3), keepdim=True)
    colours = mean + (colours - mean) * contrast
    grey = _grey(colours)
    return (grey + (colours - grey) * saturation).clamp(0.0, 1.0)


def _grey(image: Tensor) -> Tensor:
    """(B, 1, H, W) luma as of ITU-R BT.601."""
    weights = image.new_tensor((0.299, 0.587, 0.114))[None, :, None, None]
    return (image * weights).sum(dim=1, keepdim=True)
