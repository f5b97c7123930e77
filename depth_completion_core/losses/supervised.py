# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Losses against a true depth: of ScaffNet, and of a supervised FusionNet.

Each function gives (B,), one loss per image, and the loss of a batch is their mean. With images of
one size that is what the published code computes over a whole batch; and, other than a mean over
the pixels of a batch, it does not change when a batch is split over devices.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from depth_completion_core.losses.reduction import Reduction

_SMALL = 1e-8  # of the release: a target of 0 is not valid, but is divided by


def l1(depth: Tensor, truth: Tensor, reduction: Reduction = "all_pixels") -> Tensor:
    """Mean absolute error.

    Args:
        depth: (B, 1, H, W) metres, predicted.
        truth: (B, 1, H, W) metres, 0 where not known.
        reduction: which pixels the sum is divided by; see :data:`Reduction`.

    Returns:
        (B,) metres; 0 for an image without truth.
    """
    return _per_image(_difference(depth, truth).abs(), truth > 0, reduction)


def l2(depth: Tensor, truth: Tensor, reduction: Reduction = "all_pixels") -> Tensor:
    """Mean squared error, square metres; arguments as of :func:`l1`."""
    return _per_image(_difference(depth, truth).square(), truth > 0, reduction)


def normalized_l1(depth: Tensor, truth: Tensor, reduction: Reduction = "all_pixels") -> Tensor:
    """Mean of the absolute error over the truth, without unit; arguments as of :func:`l1`.

    ScaffNet's loss: |truth - depth| / (|truth| + 1e-8) (Wong, Cicek and Soatto, "Learning Topology
    from Synthetic Data for Unsupervised Depth Completion", RA-L 2021).
    """
    error = _difference(depth, truth).abs() / (truth.abs() + _SMALL)
    return _per_image(error, truth > 0, reduction)


def log_l1(depth: Tensor, truth: Tensor, reduction: Reduction = "all_pixels") -> Tensor:
    """Mean of |log(depth / truth)|, without unit; arguments as of :func:`l1`.

    Least at the median, as the absolute error, but near and far things count the same.
    """
    is_known = truth > 0
    ratio = torch.where(is_known, depth, 1.0) / torch.where(is_known, truth, 1.0)
    return _per_image(ratio.clamp(min=_SMALL).log().abs(), is_known, reduction)


def relative_rmse(depth: Tensor, truth: Tensor) -> Tensor:
    """Root of the mean squared error over the mean true depth, without unit.

    Args:
        depth: (B, 1, H, W) metres, predicted.
        truth: (B, 1, H, W) metres, 0 where not known.

    Returns:
        (B,); 0 for an image without truth.
    """
    mean = _per_image(truth, truth > 0, "valid_pixels").clamp(min=_SMALL)
    squared = l2(depth, truth, "valid_pixels") / mean.square()
    # The gradient of a root is infinite at 0.
    return (squared + _SMALL).sqrt() - math.sqrt(_SMALL)


def uncertain_l1(
    depth: Tensor, log_error: Tensor, truth: Tensor, reduction: Reduction = "all_pixels"
) -> Tensor:
    """Absolute error under a predicted spread: |truth - depth| / exp(u) + u.

    That is the negative logarithm of a Laplacian but for a constant, so it may be negative.

    Args:
        depth: (B, 1, H, W) metres, predicted.
        log_error: (B, 1, H, W), u, the logarithm of the error that is expected, in metres.
        truth: (B, 1, H, W) metres, 0 where not known.
        reduction: which pixels the sum is divided by; see :data:`Reduction`.

    Returns:
        (B,).
    """
    log_error = log_error.masked_fill(truth <= 0, 0.0)
    error = _difference(depth, truth).abs() * (-log_error).exp() + log_error
    return _per_image(error, truth > 0, reduction)


def _difference(depth: Tensor, truth: Tensor) -> Tensor:
    """0 where nothing is known: an overflow there must not reach the gradient as 0 times inf."""
    return (truth - depth).masked_fill(truth <= 0, 0.0)


def _per_image(error: Tensor, valid: Tensor, reduction: Reduction) -> Tensor:
    """(B, 1, H, W), 0 where not valid, to (B,)."""
    total = error.sum(dim=(1, 2, 3))
    if reduction == "all_pixels":
        return total / valid[0].numel()
    return total / valid.sum(dim=(1, 2, 3)).clamp(min=1)
