# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a step does to gradients, and which gradients it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.feeds.collating import collate
from depth_completion_core.training.feeds.requirements import Requirements
from depth_completion_core.training.loop.optimizer_step import NotFiniteError, OptimizerStep
from depth_completion_core.training.objectives.objective import Objective, ObjectiveReport
from tests.core.training.tiny import Planes, TinyScaffNet


class _Scale(CompletionModel):
    """Truth times a number."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor([2.0, 1.0]))

    def forward(self, inputs: ModelInput) -> ModelOutput:
        return ModelOutput(depth=inputs.sparse_depth * self.factor[0])


class _Squares(Objective):
    """Mean of 100 (factor - 1)^2; with a root of 0 in it, whose derivative is infinite."""

    def __init__(self, model: _Scale, *, has_root: bool) -> None:
        super().__init__(model)
        self._has_root = has_root

    def forward(self, batch: Batch) -> ObjectiveReport:
        assert isinstance(self.model, _Scale)
        factor, truth = self.model.factor[0], batch.true_depth
        total = 100.0 * (factor - 1.0).square() * truth.new_ones(len(truth))
        if self._has_root:
            total = total + (factor - 2.0).abs().sqrt()
        return ObjectiveReport(total=total, depth=factor * truth)


def _batch() -> Batch:
    return collate([Planes(Path())[index] for index in range(4)], Requirements())


def _built_step(clip_norm: float, *, has_root: bool = False) -> OptimizerStep:
    recipe = replace(TinyScaffNet(), clip_norm=clip_norm)
    fabric = Fabric(accelerator="cpu", devices=1)
    return OptimizerStep(recipe, _Squares(_Scale(), has_root=has_root), fabric)


def _first_moment(optimizer_step: OptimizerStep) -> Tensor:
    """After one step, Adam's is a tenth of the gradient."""
    (state,) = optimizer_step.optimizer.state.values()
    moment: Tensor = state["exp_avg"]
    return moment


def _factor(optimizer_step: OptimizerStep) -> Tensor:
    model = optimizer_step.objective.model
    assert isinstance(model, _Scale)
    return model.factor[0].detach()


@pytest.mark.parametrize(("clip_norm", "kept"), [(0.0, 200.0), (3.0, 3.0), (500.0, 200.0)])
def test_gradients_are_shortened_to_the_limit(clip_norm: float, kept: float) -> None:
    optimizer_step = _built_step(clip_norm)
    result = optimizer_step.step([_batch()], rates={"depth": 0.1}, wants_stop=False)
    assert result.loss == pytest.approx(100.0)
    assert result.gradient_norm == pytest.approx(200.0)
    assert float(_first_moment(optimizer_step)[0]) == pytest.approx(0.1 * kept, rel=1e-4)
    assert float(_factor(optimizer_step)) == pytest.approx(2.0 - 0.1)


def test_a_gradient_that_is_not_finite_changes_no_weight() -> None:
    optimizer_step = _built_step(1.0, has_root=True)
    with pytest.raises(NotFiniteError, match=r"its gradient is not; the batch was plane/0, plane"):
        optimizer_step.step([_batch()], rates={"depth": 0.1}, wants_stop=False)
    assert float(_factor(optimizer_step)) == 2.0
    assert not optimizer_step.optimizer.state
