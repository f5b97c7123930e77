# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Dense depth pulled towards the measurements: a smooth interpolation of how far it is off there.

What is off is log(measured / predicted), so that scaling both scales the result. It is spread from
coarse to fine grids by normalised convolution (Knutsson and Westin, CVPR 1993): each grid corrects
what the coarser ones have left, as in the method of successive corrections (Bergthorsson and Doos,
1955). Measurements that contradict their neighbours count less, by Cauchy's weights.

Drawing one depth for the whole image gives an interpolation of the measurements.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, pad

_KERNEL = (1 / 6, 4 / 6, 1.0, 4 / 6, 1 / 6)
_REACH_CELLS = 3.0  # of the kernel and the interpolation between cells
_PRIOR = 0.05  # measurements that the prediction itself is worth, on the coarsest grid
_GROWTH = 1.3  # of that from a grid to the next finer one, so that noise is not followed
_NEIGHBOURHOOD = 4.0  # mean distances between points within which a point is compared
_TOLERANCE = 5.0  # local mean deviations at which a measurement counts half
_LEAST_SPREAD = 0.01  # deviations of 1 % of the depth are no sign of an outlier
_LEAST_NEIGHBOURS = 1.5  # a measurement with fewer is believed
_ROUNDS = 2
_LEAST_DEPTH = 1e-3


def anchored(depth: Tensor, sparse_depth: Tensor, reach_px: float = 0.0) -> Tensor:
    """Dense depth that comes close to the measurements.

    Args:
        depth: (B, 1, H, W) metres, predicted.
        sparse_depth: (B, 1, H, W) metres, 0 where nothing was measured.
        reach_px: how far a measurement acts, pixels; 0 for over the whole image.

    Returns:
        (B, 1, H, W) metres; as it was where it is not above 0 and finite, and in images without a
        measurement.
    """
    is_known = (depth > 0) & torch.isfinite(depth)
    is_measured = (sparse_depth > 0) & is_known
    ratio = torch.where(is_measured, sparse_depth, 1.0) / torch.where(is_measured, depth, 1.0)
    reach_px = reach_px or max(depth.shape[-2:])
    coarsest = max(round(math.log2(reach_px / _REACH_CELLS)), 0)
    # Sums over many measurements need more digits than half precision has.
    with torch.autocast(depth.device.type, enabled=False):
        error = ratio.log()
        correction = spread_out(error, trust(error, is_measured), coarsest).exp()
    return torch.where(is_known, depth * correction, depth)


def scene_scale(sparse_depth: Tensor) -> Tensor:
    """Geometric mean of the measurements of each image, which few wrong ones hardly move.

    Args:
        sparse_depth: (B, 1, H, W) metres, 0 where nothing was measured.

    Returns:
        (B, 1, 1, 1) metres; 1 without a measurement.
    """
    is_measured = sparse_depth > 0
    logarithm = torch.where(is_measured, sparse_depth.clamp(min=_LEAST_DEPTH), 1.0).log()
    count = is_measured.sum(dim=(1, 2, 3), keepdim=True).clamp(min=1)
    return (logarithm.sum(dim=(1, 2, 3), keepdim=True) / count).exp()


def interpolated(sparse_depth: Tensor) -> Tensor:
    """The depth of the scene's scale everywhere, pulled towards the measurements.

    Args:
        sparse_depth: (B, 1, H, W) metres, 0 where nothing was measured.

    Returns:
        (B, 1, H, W) metres, smooth; 1 without a measurement.
    """
    return anchored(scene_scale(sparse_depth).expand_as(sparse_depth), sparse_depth)


def trust(error: Tensor, is_measured: Tensor) -> Tensor:
    """Weights from 0 to 1: how well each measurement agrees with those around it.

    A measurement alone has 1: nothing speaks against it.

    Args:
        error: (B, 1, H, W) log(measured / predicted), 0 where not measured.
        is_measured: (B, 1, H, W) bool.

    Returns:
        (B, 1, H, W) of the type of ``error``; 0 where not measured.
    """
    pixels = error.shape[-2] * error.shape[-1]
    count = is_measured.sum(dim=(1, 2, 3)).clamp(min=1)
    side_px = _NEIGHBOURHOOD * (pixels / count).sqrt() / _REACH_CELLS
    levels = side_px.log2().round().clamp(min=0).to(torch.int64)
    weight = is_measured.to(error.dtype)
    if torch.onnx.is_in_onnx_export():
        return _of_levels(error, weight, levels)
    for level in sorted(set(levels.tolist())):
        rows = levels == level
        weight[rows] = _agreement(error[rows], weight[rows], level)
    return weight


def _of_levels(error: Tensor, weight: Tensor, levels: Tensor) -> Tensor:
    """As :func:`trust`, in a graph, which cannot look at numbers: all levels, and a choice."""
    most = round(math.log2(_NEIGHBOURHOOD * math.sqrt(error[0].numel()) / _REACH_CELLS))
    chosen = weight
    for level in range(most + 1):
        is_meant = (levels == level)[:, None, None, None]
        chosen = torch.where(is_meant, _agreement(error, weight, level), chosen)
    return chosen


def spread_out(error: Tensor, weight: Tensor, coarsest: int) -> Tensor:
    """Errors between the measurements.

    Args:
        error: (B, 1, H, W) log(measured / predicted), 0 where not measured.
        weight: (B, 1, H, W) how much each counts, 0 to 1; 0 where not measured.
        coarsest: cells of the first grid have 2^coarsest pixels a side.

    Returns:
        (B, 1, H, W).
    """
    # Amount and total beside each other: each step is one call for both.
    grids = [torch.cat([weight, weight * error], dim=1)]
    for _ in range(coarsest):
        grids.append(_cell_sums(grids[-1], 1))
    found = torch.zeros_like(grids[-1][:, :1])
    for level in range(coarsest, -1, -1):
        amount, total = _halves(grids[level])
        if level < coarsest:
            found = _doubled(found)[..., : amount.shape[-2], : amount.shape[-1]]
        prior = _PRIOR * _GROWTH ** (coarsest - level)
        left = torch.cat([amount, total - amount * found], dim=1)
        near_amount, near_left = _halves(_filtered(left))
        found = found + near_left / (near_amount + prior)
    return found


def _agreement(error: Tensor, is_measured: Tensor, level: int) -> Tensor:
    """See :func:`trust`; neighbours are those within three cells of 2^level pixels."""
    weight = is_measured
    for _ in range(_ROUNDS):
        # Without the point itself, whose own cell's kernel is 1.
        own = torch.cat([weight, weight * error], dim=1)
        amount, total = _halves(_around(own, level) - own)
        is_judged = (amount >= _LEAST_NEIGHBOURS) & (is_measured > 0)
        off = torch.where(is_judged, (error - total / amount.clamp(min=1e-6)).abs(), 0.0)
        own = weight * off
        spread = (_around(own, level) - own) / amount.clamp(min=1e-6)
        ratio = off / (_TOLERANCE * spread.clamp(min=_LEAST_SPREAD))
        weight = torch.where(is_judged, 1 / (1 + ratio.square()), is_measured)
    return weight


def _halves(both: Tensor) -> tuple[Tensor, Tensor]:
    return both[:, :1], both[:, 1:]


def _around(value: Tensor, level: int) -> Tensor:
    """Sums over the cells around the cell of each pixel, by the kernel."""
    grid = _filtered(_cell_sums(value, level))
    near = interpolate(grid, scale_factor=float(2**level), mode="nearest") if level else grid
    return near[..., : value.shape[-2], : value.shape[-1]]


def _filtered(grid: Tensor) -> Tensor:
    """Channel by channel; what is outside counts as 0."""
    channels = int(grid.shape[1])
    kernel = grid.new_tensor([[_KERNEL]] * channels)
    across = conv2d(grid, kernel[:, :, None, :], padding=(0, 2), groups=channels)
    return conv2d(across, kernel[:, :, :, None], padding=(2, 0), groups=channels)


def _cell_sums(grid: Tensor, level: int) -> Tensor:
    """Sums of 2^level x 2^level cells; at the right and lower border of fewer."""
    side = 2**level
    height, width = grid.shape[-2:]
    even = pad(grid, (0, -width % side, 0, -height % side))
    means: Tensor = avg_pool2d(even, side)
    return means * float(side**2)  # without rounding: sides are powers of two


def _doubled(grid: Tensor) -> Tensor:
    """Interpolated between the cells' middles."""
    return interpolate(grid, scale_factor=2.0, mode="bilinear", align_corners=False)
