# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet as it is trained: Wong, Cicek and Soatto, RA-L 2021 (arXiv 2106.02994)."""

from __future__ import annotations

from typing import ClassVar

from depth_completion_core.inference.model_input import run_model
from depth_completion_core.losses.supervised import (
    l1,
    log_l1,
    normalized_l1,
    relative_rmse,
    uncertain_l1,
)
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.objectives.loss_settings import ScaffNetLossConfig
from depth_completion_core.training.objectives.objective import (
    DEPTH,
    TOTAL,
    Losses,
    Objective,
    capped,
)

_LOSSES = {"normalized_l1": normalized_l1, "l1": l1, "log_l1": log_l1}


class ScaffNetObjective(Objective):
    """ScaffNet and its loss; the truth is lowered to the farthest depth it can predict."""

    units: ClassVar[dict[str, str]] = {"absolute error": "m"}

    def __init__(self, model: CompletionModel, loss: ScaffNetLossConfig) -> None:
        super().__init__(model)
        self._loss = loss

    def forward(self, batch: Batch) -> Losses:
        """See the base class."""
        predicted = run_model(self.model, batch.model_input(self.model.needs))
        truth = capped(batch.true_depth, predicted.farthest)
        log_error = predicted.maps.get("log_error")
        reduction = self._loss.reduction
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
