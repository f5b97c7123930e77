# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth that changes where the image does."""

from __future__ import annotations

from torch import Tensor


def edge_aware_smoothness(values: Tensor, image: Tensor) -> Tensor:
    """First differences of a map, weighted by exp(-mean over channels of those of the image).

    Of depth in metres in FusionNet; of inverse depth over its mean, :func:`mean_normalized`, in
    PackNet-SfM.

    Args:
        values: (B, 1, H, W), H and W at least 2.
        image: (B, C, H, W).

    Returns:
        (B,), the mean over differences along rows plus that along columns, in the values' unit.
    """
    total = values.new_zeros(len(values))
    for dim in (3, 2):
        weight = (-image.diff(dim=dim).abs().mean(dim=1, keepdim=True)).exp()
        total = total + (values.diff(dim=dim).abs() * weight).mean(dim=(1, 2, 3))
    return total


def mean_normalized(inverse_depth: Tensor) -> Tensor:
    """A map over its image's mean, so that its scale does not count.

    Args:
        inverse_depth: (B, 1, H, W), at least 0.

    Returns:
        (B, 1, H, W) without unit.
    """
    return inverse_depth / inverse_depth.mean(dim=(2, 3), keepdim=True).clamp(min=1e-6)
