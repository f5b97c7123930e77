# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An image as another camera would have taken it: points, moved, projected and looked up."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from depth_completion_core.geometry.multiview.cameras import ViewCamera
from depth_completion_core.geometry.multiview.conventions import OURS, WarpConvention


class Warped(NamedTuple):
    """Another view, seen from where the points come from.

    Attributes:
        image: (B, C, H, W) in the units of the view.
        pixels: (B, 2, H, W) where in the view each pixel was found, u and v.
        depth: (B, 1, H, W) metres along Z in the view; not positive behind its camera.
    """

    image: Tensor
    pixels: Tensor
    depth: Tensor


def warp(
    view: Tensor,
    points: Tensor,
    view_from_points: Tensor,
    camera: ViewCamera,
    convention: WarpConvention = OURS,
    *,
    own_motion: Tensor | None = None,
) -> Warped:
    """A view, looked up where the points of another image fall in it.

    Points are made once for all views: ``points = camera.unproject(depth)``.

    Args:
        view: (B, C, H', W'), the image to look things up in.
        points: (B, 3, H, W) metres in the other image's optical frame.
        view_from_points: (B, 4, 4), takes the points to the view's optical frame.
        camera: the view's.
        convention: how it is looked up.
        own_motion: (B, 3, H, W) metres in the view's frame, added to each point, as of things that
            move.
    """
    projection = camera.project(move(points, view_from_points, own_motion=own_motion))
    image = sample(view, projection.pixels, convention)
    return Warped(image, projection.pixels, projection.depth)


def move(points: Tensor, target_from_points: Tensor, *, own_motion: Tensor | None = None) -> Tensor:
    """Points in another frame.

    Args:
        points: (B, 3, H, W) metres.
        target_from_points: (B, 4, 4).
        own_motion: (B, 3, H, W) metres in the target frame, added to each point.

    Returns:
        (B, 3, H, W) metres.
    """
    rotation, translation = target_from_points[:, :3, :3], target_from_points[:, :3, 3:]
    with torch.autocast(points.device.type, enabled=False):  # half precision moves pixels
        moved = (rotation @ points.flatten(2) + translation).view_as(points)
    return moved if own_motion is None else moved + own_motion


def sample(image: Tensor, pixels: Tensor, convention: WarpConvention = OURS) -> Tensor:
    """An image between its pixels, bilinearly.

    Args:
        image: (B, C, H', W').
        pixels: (B, 2, H, W), u and v; integers are pixel centres.
        convention: what lies outside.

    Returns:
        (B, C, H, W).
    """
    height, width = image.shape[2:]
    # An image that is one pixel wide has that pixel everywhere.
    largest = pixels.new_tensor([max(width - 1, 1), max(height - 1, 1)])
    grid = pixels.permute(0, 2, 3, 1) * (2 / largest) - 1
    if convention.cuts_partial:
        grid = grid.masked_fill(grid.abs() > 1, 2.0)
    return F.grid_sample(
        image,
        grid,
        mode="bilinear",
        padding_mode=convention.padding,
        align_corners=convention.align_corners,
    )
