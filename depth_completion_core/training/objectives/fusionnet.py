# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet trained on true depth, with a frozen ScaffNet inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, cast

from torch import Tensor

from depth_completion_core.inference.model_input import run_model
from depth_completion_core.losses.supervised import (
    Reduction,
    l1,
    l2,
    log_l1,
    normalized_l1,
    relative_rmse,
)
from depth_completion_core.models.fusionnet import FusionNet
from depth_completion_core.settings.fields import ConfigError, choice, setting
from depth_completion_core.training.feeds.batch import Tensors, model_input_of
from depth_completion_core.training.objectives.objective import DEPTH, TOTAL, Objective, capped

RANDOM = "random"

_LOSSES: dict[str, Callable[[Tensor, Tensor, Reduction], Tensor]] = {
    "l1": l1,
    "l2": l2,
    "normalized l1": normalized_l1,
    "log l1": log_l1,
    "relative rmse": lambda depth, truth, _: relative_rmse(depth, truth),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionNetLossConfig:
    """Weights of the losses: w_l1 L1 + w_l2 L2 as in the release's class, and some of our own."""

    w_l1: float = setting(1.0, low=0.0)
    """Of the absolute error in metres."""
    w_l2: float = setting(0.0, low=0.0)
    """Of the squared error in square metres."""
    w_normalized_l1: float = setting(1.0, low=0.0)
    """Of the absolute error over the truth, which makes near things count."""
    w_log_l1: float = setting(0.0, low=0.0)
    """Of the absolute logarithm of the ratio to the truth."""
    w_relative_rmse: float = setting(0.0, low=0.0)
    """Of the root of the mean squared error over the mean truth."""
    reduction: str = choice("all_pixels", "valid_pixels")
    """What an image's sum is divided by."""

    def __post_init__(self) -> None:
        if not sum(self.weights().values()) > 0:
            raise ConfigError("a loss has a weight above 0; all weights are 0")

    def weights(self) -> dict[str, float]:
        """The weight of each loss by its name."""
        return {name: getattr(self, f"w_{name.replace(' ', '_')}") for name in _LOSSES}


class FusionNetObjective(Objective):
    """FusionNet and its supervised loss; the truth is lowered to the farthest it can predict."""

    units: ClassVar[dict[str, str]] = {
        "l1": "m",
        "l2": "m2",
        "normalized l1": "1",
        "log l1": "1",
        "relative rmse": "1",
        "scaffnet l1": "m",
    }

    def __init__(self, model: FusionNet, loss: FusionNetLossConfig) -> None:
        super().__init__(model)
        self._loss = loss

    def forward(self, tensors: Tensors) -> Tensors:
        """See the base class."""
        predicted = run_model(self.model, model_input_of(tensors))
        depth, scaffold = predicted.depth, predicted.maps["initial_depth"]
        truth = capped(tensors["truth"], predicted.farthest)
        reduction = cast("Reduction", self._loss.reduction)
        terms = {name: loss(depth, truth, reduction) for name, loss in _LOSSES.items()}
        # A weight of 0 leaves its term out: 0 times an overflow is not 0.
        weighted = [weight * terms[name] for name, weight in self._loss.weights().items() if weight]
        return {
            TOTAL: sum(weighted[1:], start=weighted[0]),
            DEPTH: depth,
            **terms,
            "scaffnet l1": l1(scaffold, truth, reduction),
        }
