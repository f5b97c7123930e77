# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet trained on true depth, with a frozen ScaffNet inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, cast

from torch import Tensor

from depth_completion_core.checkpoint import CheckpointError, load_weights
from depth_completion_core.config import ConfigError, choice, setting
from depth_completion_core.losses.supervised import (
    Reduction,
    l1,
    l2,
    log_l1,
    normalized_l1,
    relative_rmse,
)
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.models.fusionnet import FusionNet
from depth_completion_core.training.batch import Tensors
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.objective import DEPTH, TOTAL, Objective, capped
from depth_completion_core.training.recipe import Recipe
from depth_completion_core.training.shards import load_init_weights

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
        model = cast("FusionNet", self.model)
        sparse = tensors["sparse_depth"]
        truth = capped(tensors["truth"], model.farthest(sparse))
        scaffold = model.scaffold(sparse)
        depth = model.fuse(tensors["image"], scaffold, model.without_outliers(sparse))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionNetRecipe(Recipe):
    """Trains FusionNet on true depth."""

    model_name: ClassVar[str] = "fusionnet"

    network: FusionNet.Config = field(default_factory=FusionNet.Config)
    loss: FusionNetLossConfig = field(default_factory=FusionNetLossConfig)
    scaffnet_weights: str = ""
    """Checkpoint (.safetensors) or folder of shards of the ScaffNet inside, which stays as it is;
    'random' for none, as a test of the trainer."""

    def build_model(self) -> CompletionModel:
        """FusionNet with random weights around the ScaffNet that was given.

        Raises:
            TrainingError: none was given, or it is another network.
        """
        model = FusionNet(self.network)
        if self.scaffnet_weights == RANDOM or self.init_weights:
            return model  # the weights to begin from hold a ScaffNet
        if not self.scaffnet_weights:
            raise TrainingError(
                "FusionNet corrects a trained ScaffNet: give its weights with --scaffnet_weights "
                "FILE.safetensors (train scaffnet_synthetic first)"
            )
        path = Path(self.scaffnet_weights)
        weights = load_init_weights(path, "scaffnet", self.network.scaffnet)
        try:
            load_weights(model.scaffnet, weights, what=str(path))
        except CheckpointError as error:
            raise TrainingError(str(error)) from error
        return model

    def objective(self, model: CompletionModel) -> FusionNetObjective:
        """With the recipe's loss."""
        return FusionNetObjective(cast("FusionNet", model), self.loss)
