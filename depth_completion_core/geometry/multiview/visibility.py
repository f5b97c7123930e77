# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which pixels of an image can be compared with another view of the scene."""

from __future__ import annotations

import torch
from torch import Tensor

from depth_completion_core.geometry.multiview.conventions import OURS, WarpConvention


def visible(
    pixels: Tensor,
    depth: Tensor,
    *,
    height: int,
    width: int,
    convention: WarpConvention = OURS,
    seen_depth: Tensor | None = None,
) -> Tensor:
    """Where a pixel is seen by another view: in its image, in front of it, with nothing before it.

    Args:
        pixels: (B, 2, H, W), where it falls in the view, u and v.
        depth: (B, 1, H, W) metres, how far it lies in the view.
        height: of the view's image, pixels; it spans -0.5 to height - 0.5.
        width: likewise.
        convention: which of the three are asked for.
        seen_depth: (B, 1, H, W) metres, how far the view sees at those pixels, 0 for not known: by
            :func:`nearest_depth`, or sampled from the view's own depth. Without, nothing hides.

    Returns:
        (B, 1, H, W) bool.
    """
    seen = torch.ones_like(depth, dtype=torch.bool)
    if convention.needs_view:
        seen = seen & _in_image(pixels, height, width)
    if convention.needs_front:
        seen = seen & (depth > max(convention.nearest_z, 0.0))
    if convention.occlusion_tolerance > 0 and seen_depth is not None:
        limit = seen_depth * (1 + convention.occlusion_tolerance)
        seen = seen & ((depth <= limit) | (seen_depth <= 0))
    return seen


def nearest_depth(pixels: Tensor, depth: Tensor, *, height: int, width: int) -> Tensor:
    """How near the nearest of an image's pixels is that falls on the same pixel of the view.

    An image's own depth seen from the view (a z-buffer, without gradient), so that what it hides
    there is known without the view's depth.

    Args:
        pixels: (B, 2, H, W), where each falls in the view, u and v.
        depth: (B, 1, H, W) metres, how far it lies in the view.
        height: of the view's image, pixels.
        width: likewise.

    Returns:
        (B, 1, H, W) metres at the image's pixels; 0 for those that are not in the view.
    """
    pixels, depth = pixels.detach(), depth.detach()
    inside = _in_image(pixels, height, width) & (depth > 0)
    u, v = pixels.masked_fill(~inside, 0.0).round().long().unbind(1)
    index = (v * width + u).flatten(1)
    distance = depth.masked_fill(~inside, torch.inf).flatten(1)
    buffer = distance.new_full((len(depth), height * width), torch.inf)
    nearest = buffer.scatter_reduce_(1, index, distance, "amin").gather(1, index)
    return nearest.view_as(depth).masked_fill(~inside, 0.0)


def _in_image(pixels: Tensor, height: int, width: int) -> Tensor:
    """(B, 1, H, W) bool."""
    u, v = pixels[:, :1], pixels[:, 1:]
    return (u >= -0.5) & (u < width - 0.5) & (v >= -0.5) & (v < height - 0.5)
