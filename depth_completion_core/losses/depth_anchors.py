# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What holds unsupervised depth where it belongs: measurements, and a first estimate."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from depth_completion_core.losses.masked import Masked, masked_mean
from depth_completion_core.losses.view_weights import PriorVariant


def sparse_depth(depth: Tensor, measured: Tensor, *, max_depth: float = math.inf) -> Masked:
    """Mean absolute error at measurements, metres.

    Args:
        depth: (B, 1, H, W) metres, predicted.
        measured: (B, 1, H, W) metres, 0 where nothing was measured.
        max_depth: measurements are lowered to this, metres.
    """
    errors = (depth - measured.clamp(max=max_depth)).abs()
    return masked_mean(errors, measured > 0)


def where_prior_explains(
    *, error: Tensor, prior_error: Tensor, seen: Tensor | None = None
) -> Tensor:
    """Pixels where warping a view by the prior gives no more error than by the prediction.

    Args:
        error: (B, 1, H, W), colour error of the view warped by the prediction.
        prior_error: (B, 1, H, W), likewise by the prior.
        seen: (B, 1, H, W) bool, pixels that the view sees; None for all.

    Returns:
        (B, 1, H, W) bool.
    """
    mask = prior_error <= error
    return mask if seen is None else mask & seen


def topology_prior(
    depth: Tensor,
    prior: Tensor,
    mask: Tensor,
    *,
    color: Tensor,
    threshold: float = math.inf,
    variant: PriorVariant = "per_image",
) -> Masked:
    """Mean absolute difference from the prior where that explains a view as well or better.

    Source: Wong, Cicek and Soatto, "Learning Topology from Synthetic Data for Unsupervised Depth
    Completion", RA-L 2021.

    Args:
        depth: (B, 1, H, W) metres, predicted.
        prior: (B, 1, H, W) metres, as ScaffNet gives it.
        mask: (B, 1, H, W) bool, by :func:`where_prior_explains`.
        color: (B,), mean colour error of that view, warped by the prediction.
        threshold: the loss is 0 unless the colour error is below: before, the mask says little.
        variant: see
            :data:`depth_completion_core.losses.view_weights.PriorVariant`.

    Returns:
        Values in metres; the pixels are those of an image's own mask, whatever the threshold.
    """
    weights, color = mask, color.detach()
    if variant == "released":
        # A mask of each image for each image of the batch, added up.
        weights, color = mask.sum(dim=0, keepdim=True).expand_as(mask), color.mean()
    values, _ = masked_mean((depth - prior).abs(), weights)
    return Masked(torch.where(color < threshold, values, 0.0), mask.sum(dim=(1, 2, 3)))
