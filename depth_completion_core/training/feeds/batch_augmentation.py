# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random changes of whole batches on their device, before sensors measure them.

The law is that of samples; the work is done for all images at once, where they are.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from depth_completion_core.data.sampling.augment_draws import DRAWS, ImageChanges, drawn_changes
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.data.sampling.recolour import recoloured
from depth_completion_core.world.bank.dense_batch import DenseBatch


def augmented(
    config: Augmentation, frames: DenseBatch, generator: np.random.Generator
) -> DenseBatch:
    """Frames that are as true as those given, which stay as they are.

    Args:
        config: how far they are changed; pictures are not turned, nor is anything dropped, for
            frames of a bank are measured afterwards.
        frames: B frames.
        generator: every setting draws its numbers, on or off.
    """
    count, _, height, width = frames.image.shape
    crop = config.crop_height_px or height, config.crop_width_px or width
    draws = generator.random((DRAWS, count))
    changes = drawn_changes(config, draws, (height, width), crop)
    changed = frames
    if config.zoom_max > 1.0 or config.flip > 0.0 or crop != (height, width):
        changed = seen_through(frames, changes, crop)
    if config.brightness or config.contrast or config.saturation:
        light = _tensors(frames.image, changes.brightness, changes.contrast, changes.saturation)
        changed = changed._replace(image=recoloured(changed.image[:, None], *light)[:, 0])
    return changed


def seen_through(frames: DenseBatch, changes: ImageChanges, crop: tuple[int, int]) -> DenseBatch:
    """Frames mirrored, enlarged and cut out in one go; depth is never blended.

    Args:
        frames: B frames.
        changes: of each.
        crop: (height, width) of what is cut out.
    """
    _, _, height, width = frames.image.shape
    mirrored, full_width, full_height, left, top, divisor = _tensors(
        frames.image,
        changes.mirrored,
        changes.width_px,
        changes.height_px,
        changes.left_px,
        changes.top_px,
        changes.divisor,
    )
    row = torch.arange(crop[0], device=top.device) + 0.5 + top[:, None]
    column = torch.arange(crop[1], device=left.device) + 0.5 + left[:, None]
    column = torch.where(mirrored[:, None] > 0, full_width[:, None] - column, column)
    # Of grid_sample: -1 and 1 are the outer edges of the first and the last pixel.
    y, x = 2.0 * row / full_height[:, None] - 1.0, 2.0 * column / full_width[:, None] - 1.0
    shape = (len(x), *crop)
    grid = torch.stack([x[:, None].expand(shape), y[:, :, None].expand(shape)], dim=-1)
    image = functional.grid_sample(
        frames.image, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    rows = _nearest(top, crop[0], full_height, height)
    columns = _nearest(left, crop[1], full_width, width)
    columns = torch.where(mirrored[:, None] > 0, width - 1 - columns, columns)
    frame = torch.arange(len(x), device=x.device)[:, None, None]
    depth = frames.depth[frame, rows[:, :, None], columns[:, None]]
    fx, fy, cx, cy = frames.focal.unbind(1)
    zoom_x, zoom_y = full_width / width, full_height / height
    cx = torch.where(mirrored > 0, width - 1.0 - cx, cx)
    cx, cy = (cx + 0.5) * zoom_x - 0.5 - left, (cy + 0.5) * zoom_y - 0.5 - top
    focal = torch.stack([fx * zoom_x, fy * zoom_y, cx, cy], dim=1)
    return DenseBatch(image, depth / divisor[:, None, None], focal)


def _nearest(start: Tensor, count: int, enlarged: Tensor, full: int) -> Tensor:
    """(B, count) the old pixels that hold the middles of enlarged ones, from ``start`` on."""
    middle = 2 * (torch.arange(count, device=start.device) + start.long()[:, None]) + 1
    found = torch.div(middle * full, 2 * enlarged.long()[:, None], rounding_mode="floor")
    return found.clamp(0, full - 1)


def _tensors(like: Tensor, *columns: np.ndarray) -> tuple[Tensor, ...]:
    """(B,) float32 each, moved together to where another tensor is."""
    numbers = torch.from_numpy(np.stack(columns).astype(np.float32))
    return numbers.to(like.device, non_blocking=True).unbind(0)
