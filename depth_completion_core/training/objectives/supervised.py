# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Any network, trained on true depth."""

from __future__ import annotations

from torch import Tensor

from depth_completion_core.inference.model_input import run_model
from depth_completion_core.inference.z_depth import output_along_z
from depth_completion_core.losses.terms import (
    LOSS_TERMS,
    WeightedLossConfig,
    l1,
    loss_values,
    weighted_sum,
)
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.feeds.requirements import TRUTH
from depth_completion_core.training.objectives.objective import (
    Objective,
    ObjectiveReport,
    Term,
    capped,
)


class SupervisedObjective(Objective):
    """Weighted terms of the table; the truth is lowered to the farthest that can be predicted.

    Args:
        model: the network.
        loss: what its terms weigh.
        fixed_statistics: whether batch norm keeps the statistics that it has.

    Raises:
        ConfigError: all weights are 0.
    """

    requires = (TRUTH,)

    def __init__(
        self, model: CompletionModel, loss: WeightedLossConfig, *, fixed_statistics: bool = False
    ) -> None:
        super().__init__(model, fixed_statistics=fixed_statistics)
        loss.weights()  # raises where nothing would be learned
        self._loss = loss

    def forward(self, batch: Batch) -> ObjectiveReport:
        """See the base class."""
        inputs = batch.model_input(self.model.needs)
        output = output_along_z(run_model(self.model, inputs), inputs)
        truth = capped(batch.true_depth, output.farthest)
        values = loss_values(self._loss, {**output.maps, "depth": output.depth, "truth": truth})
        terms = {
            name.replace("_", " "): Term(value, LOSS_TERMS[name].unit)
            for name, value in values.items()
        }
        terms["absolute error"] = _absolute_error(output.depth, truth)
        pictures = {}
        if "initial_depth" in output.maps:
            pictures["initial depth"] = output.maps["initial_depth"]
            terms["initial absolute error"] = _absolute_error(pictures["initial depth"], truth)
        return ObjectiveReport(
            total=weighted_sum(self._loss.weights(), values),
            depth=output.depth,
            terms=terms,
            pictures=pictures,
        )


def _absolute_error(depth: Tensor, truth: Tensor) -> Term:
    return Term(l1(depth.detach(), truth, "valid_pixels"), "m")
