# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of loss terms. A new one is a function, a line of the table and a weight below.

Each term gives (B,), one number per image, and the loss of a batch is their mean. With images of
one size that is what the published code of ScaffNet computes over a whole batch; and, other than a
mean over the pixels of a batch, it does not change when a batch is split over devices. The loss of
CSPN is such a mean (``batch_pixels``).

Recipes read the weights where torch is not imported, so formulas are written with the methods of
tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from depth_completion_core.settings.fields import ConfigError, setting

if TYPE_CHECKING:
    from torch import Tensor

Reduction = Literal["all_pixels", "valid_pixels", "batch_pixels"]
"""all_pixels: the sum over valid pixels by the number of all pixels, as the PyTorch release of
ScaffNet; valid_pixels: by the number of valid ones, as its TensorFlow release and NLSPN;
batch_pixels: by the mean number of valid ones in the images of the batch, so that the mean over
images is that over all valid pixels of the batch, as in CSPN."""

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
    ratio = depth.where(is_known, 1.0) / truth.where(is_known, 1.0)
    return _per_image(ratio.clamp(min=_SMALL).log().abs(), is_known, reduction)


def relative_rmse(depth: Tensor, truth: Tensor, reduction: Reduction = "all_pixels") -> Tensor:
    """Root of the mean squared error over the mean true depth, without unit.

    Arguments as of :func:`l1`; both means are over valid pixels, whatever the reduction.
    """
    del reduction
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
    count = valid.sum(dim=(1, 2, 3))
    if reduction == "batch_pixels":
        return total / count.to(total.dtype).mean().clamp(min=1.0 / len(count))
    return total / count.clamp(min=1)


class LossTerm(NamedTuple):
    """A line of the table.

    Attributes:
        function: takes what the term needs, in that order, and a reduction; gives (B,).
        unit: in which its values are measured; ``1`` for none.
        needs: names of maps, (B, C, H, W) each: ``depth``, ``truth``, or one that a network gives.
    """

    function: Callable[..., Tensor]
    unit: str
    needs: tuple[str, ...] = ("depth", "truth")


LOSS_TERMS = {
    "l1": LossTerm(l1, "m"),
    "l2": LossTerm(l2, "m2"),
    "normalized_l1": LossTerm(normalized_l1, "1"),
    "log_l1": LossTerm(log_l1, "1"),
    "relative_rmse": LossTerm(relative_rmse, "1"),
    "uncertain_l1": LossTerm(uncertain_l1, "1", needs=("depth", "log_error", "truth")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedLossConfig:
    """The weights of the terms; a weight of 0 leaves its term out."""

    w_l1: float = setting(0.0, low=0.0)
    """Of the absolute error, metres."""
    w_l2: float = setting(0.0, low=0.0)
    """Of the squared error, square metres."""
    w_normalized_l1: float = setting(0.0, low=0.0)
    """Of the absolute error over the truth, which makes near things count."""
    w_log_l1: float = setting(0.0, low=0.0)
    """Of the absolute logarithm of the ratio to the truth."""
    w_relative_rmse: float = setting(0.0, low=0.0)
    """Of the root of the mean squared error over the mean truth."""
    w_uncertain_l1: float = setting(0.0, low=0.0)
    """Of the absolute error over the error that the network expects, and the logarithm of that;
    for networks with an uncertainty decoder."""
    reduction: Reduction = "all_pixels"
    """What an image's sum is divided by: all its pixels, the valid ones, or the mean number of
    valid ones in the batch."""
    min_truth: float = setting(0.0, low=0.0)
    """True depth up to this is not known, metres; NLSPN and CSPN: 1e-4."""
    max_depth: float = setting(0.0, low=0.0)
    """Predicted and true depth are cut off here and at 0, metres, so that nothing is learned from
    what lies beyond; 0 for no limit. NLSPN: 10 for NYU, 90 for KITTI."""

    def weights(self) -> dict[str, float]:
        """The weights above 0 by the names of the table; raises ConfigError where there is none."""
        weights = {name: getattr(self, f"w_{name}") for name in LOSS_TERMS}
        chosen = {name: weight for name, weight in weights.items() if weight > 0}
        if not chosen:
            known = ", ".join(f"--loss.w_{name}" for name in LOSS_TERMS)
            raise ConfigError(f"all weights of the loss are 0; give one of {known}")
        return chosen


def loss_values(config: WeightedLossConfig, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The terms that have a weight, (B,) each, by their names.

    Args:
        config: weights and reduction.
        maps: what terms may need, by name.

    Raises:
        ConfigError: a term needs a map that is not there.
    """
    maps = _limited(config, maps)
    values = {}
    for name in config.weights():
        term = LOSS_TERMS[name]
        missing = [need for need in term.needs if need not in maps]
        if missing:
            raise ConfigError(
                f"loss.w_{name} is above 0, but the network gives no {', '.join(missing)}; set it "
                "to 0 or switch on the part of the network that gives it"
            )
        values[name] = term.function(*(maps[need] for need in term.needs), config.reduction)
    return values


def _limited(config: WeightedLossConfig, maps: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """The maps with depth and truth as the limits leave them (Park et al., ECCV 2020)."""
    depth, truth = maps["depth"], maps["truth"]
    if config.max_depth:
        depth, truth = depth.clamp(0.0, config.max_depth), truth.clamp(0.0, config.max_depth)
    if config.min_truth:
        truth = truth.where(truth > config.min_truth, 0.0)
    return {**maps, "depth": depth, "truth": truth}


def weighted_sum(weights: Mapping[str, float], values: Mapping[str, Tensor]) -> Tensor:
    """(B,), what is minimised.

    Args:
        weights: above 0, by the names of terms.
        values: (B,) each, of these terms and maybe others.
    """
    # Terms without a weight are not there at all: 0 times an overflow is not 0.
    first, *others = [weight * values[name] for name, weight in weights.items()]
    return sum(others, start=first)
