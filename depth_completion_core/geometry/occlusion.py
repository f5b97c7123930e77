# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measurements that something nearer to the camera should hide."""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from depth_completion_core.config import OcclusionConfig

_LARGEST_AUTO_WINDOW_PX = 15


def filter_occluded(depth: Tensor, valid: Tensor, config: OcclusionConfig) -> Tensor:
    """The validity map without points that should be hidden behind something nearer.

    A lidar mounted beside the camera looks past the edges of near things; those points land between
    the points of the near thing. One is dropped where it lies behind the nearest measurement of a
    square window by more than ``tolerance + tolerance_ratio * range``: the range noise of lidars is
    constant, but a floor seen at a grazing angle falls away in proportion to its range.

    Args:
        depth: (H, W) float32 metres.
        valid: (H, W) bool.
        config: window and tolerances.
    """
    window = config.window_px or _window_for_spacing(valid)
    if not config.enabled or window < 2:
        return valid
    nearest = local_minimum(depth, valid, window)
    farthest = nearest.mul_(1.0 + config.tolerance_ratio).add_(config.tolerance)
    return (depth <= farthest).logical_and_(valid)


def local_minimum(depth: Tensor, valid: Tensor, window_px: int) -> Tensor:
    """(H, W) smallest valid depth in a centred square window (made odd); infinite where none is."""
    length = window_px // 2 * 2 + 1
    known = torch.where(valid, depth, torch.inf)
    if known.device.type == "cpu":  # four times as fast as torch's
        square = np.ones((length, length), np.uint8)
        smallest = cv2.erode(
            known.numpy(), square, borderType=cv2.BORDER_CONSTANT, borderValue=math.inf
        )
        return torch.from_numpy(smallest)
    return square_minimum(known, length)


def square_minimum(values: Tensor, length: int) -> Tensor:
    """(H, W) smallest of some values in a centred square of an odd length, on any device."""
    padded = pad(values, (length // 2,) * 4, value=torch.inf)
    return _running_minimum(_running_minimum(padded, length, 0), length, 1)


def mean_spacing_px(valid: Tensor) -> float:
    """Mean distance in pixels between the measurements of a validity map (H, W); 0 without any."""
    measured = valid.cpu().numpy()
    count = np.count_nonzero(measured)
    if count == 0:
        return 0.0
    _, _, width, height = cv2.boundingRect(measured.view(np.uint8))
    return math.sqrt(height * width / count)


def _running_minimum(values: Tensor, length: int, dim: int) -> Tensor:
    """Minimum over ``length`` neighbours, by doubling: the result is shorter by length - 1."""
    reached = 1
    while reached < length:
        step = min(reached, length - reached)
        size = values.shape[dim] - step
        values = torch.minimum(values.narrow(dim, 0, size), values.narrow(dim, step, size))
        reached += step
    return values


def _window_for_spacing(valid: Tensor) -> int:
    """Twice the spacing of the measurements, odd: reaches the next row of a lidar."""
    spacing_px = mean_spacing_px(valid)
    return min(2 * round(spacing_px) - 1, _LARGEST_AUTO_WINDOW_PX)
