# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet as it is trained: Wong, Cicek and Soatto, RA-L 2021 (arXiv 2106.02994)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast

from depth_completion_core.inference.model_input import run_model
from depth_completion_core.losses.supervised import (
    Reduction,
    l1,
    log_l1,
    normalized_l1,
    relative_rmse,
    uncertain_l1,
)
from depth_completion_core.models.scaffnet import ScaffNet
from depth_completion_core.settings.fields import choice, setting
from depth_completion_core.training.feeds.batch import Tensors, model_input_of
from depth_completion_core.training.objectives.objective import DEPTH, TOTAL, Objective, capped


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetLossConfig:
    """The loss of the release; a network with ``uncertainty`` has its own in place of it."""

    kind: str = choice("normalized_l1", "l1", "log_l1")
    """normalized_l1: absolute error over the truth. l1: absolute error, metres. log_l1: absolute
    logarithm of the ratio."""
    w_relative_rmse: float = setting(0.0, low=0.0)
    """Beside it, the weight of the root of the mean squared error over the mean truth."""
    reduction: str = choice("all_pixels", "valid_pixels")
    """What an image's sum is divided by; the first as in the authors' PyTorch release, the second
    as in their TensorFlow one."""


_LOSSES = {"normalized_l1": normalized_l1, "l1": l1, "log_l1": log_l1}


class ScaffNetObjective(Objective):
    """ScaffNet and its loss; the truth is lowered to the farthest depth it can predict."""

    units: ClassVar[dict[str, str]] = {"absolute error": "m"}

    def __init__(self, model: ScaffNet, loss: ScaffNetLossConfig) -> None:
        super().__init__(model)
        self._loss = loss

    def forward(self, tensors: Tensors) -> Tensors:
        """See the base class."""
        predicted = run_model(self.model, model_input_of(tensors))
        truth = capped(tensors["truth"], predicted.farthest)
        log_error = predicted.maps.get("log_error")
        reduction = cast("Reduction", self._loss.reduction)
        if log_error is not None:
            total = uncertain_l1(predicted.depth, log_error, truth, reduction)
        else:
            total = _LOSSES[self._loss.kind](predicted.depth, truth, reduction)
        if self._loss.w_relative_rmse:
            spread = relative_rmse(predicted.depth, truth)
            total = total + self._loss.w_relative_rmse * spread
        return {
            TOTAL: total,
            DEPTH: predicted.depth,
            "absolute error": l1(predicted.depth.detach(), truth, "valid_pixels"),
        }
