# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet trained on true depth, with a frozen ScaffNet inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor

from depth_completion_core.inference.model_input import run_model
from depth_completion_core.losses.reduction import Reduction
from depth_completion_core.losses.supervised import (
    l1,
    l2,
    log_l1,
    normalized_l1,
    relative_rmse,
)
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.objectives.loss_settings import FusionNetLossConfig
from depth_completion_core.training.objectives.objective import (
    DEPTH,
    TOTAL,
    Losses,
    Objective,
    capped,
)

_LOSSES: dict[str, Callable[[Tensor, Tensor, Reduction], Tensor]] = {
    "l1": l1,
    "l2": l2,
    "normalized l1": normalized_l1,
    "log l1": log_l1,
    "relative rmse": lambda depth, truth, _: relative_rmse(depth, truth),
}


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

    def __init__(self, model: CompletionModel, loss: FusionNetLossConfig) -> None:
        super().__init__(model)
        self._loss = loss

    def forward(self, batch: Batch) -> Losses:
        """See the base class."""
        predicted = run_model(self.model, batch.model_input(self.model.needs))
        depth, scaffold = predicted.depth, predicted.maps["initial_depth"]
        truth = capped(batch.true_depth, predicted.farthest)
        reduction = self._loss.reduction
        terms = {name: loss(depth, truth, reduction) for name, loss in _LOSSES.items()}
        # A weight of 0 leaves its term out: 0 times an overflow is not 0.
        weighted = [weight * terms[name] for name, weight in self._loss.weights().items() if weight]
        return {
            TOTAL: sum(weighted[1:], start=weighted[0]),
            DEPTH: depth,
            **terms,
            "scaffnet l1": l1(scaffold, truth, reduction),
        }
