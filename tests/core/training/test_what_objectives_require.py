# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Steps on samples without measurements or true depth, where an objective requires neither."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor

from depth_completion_core.data.layers.time import TimeLayer
from depth_completion_core.data.sample import Sample
from depth_completion_core.frame import View
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.feeds.collating import collate
from depth_completion_core.training.loop.empty_pass import PassOfProcess
from depth_completion_core.training.loop.optimizer_step import OptimizerStep
from depth_completion_core.training.objectives.objective import Objective, ObjectiveReport
from tests.core.training.tiny import Planes, TinyScaffNet
from tests.dummies.monocular import Monocular


class _SameDepthAsBefore(Objective):
    """Depth of the image and of the one before are compared, as a photometric loss would."""

    requires = ("age",)
    view_offsets = (-1,)

    def forward(self, batch: Batch) -> ObjectiveReport:
        before = replace(batch, views=(replace(batch.views[1], offset=0),))
        depth, other = (self._depth(each) for each in (batch, before))
        total = (depth - other).square().mean(dim=(1, 2, 3)) * batch.layers["age"]
        return ObjectiveReport(total=total, depth=depth)

    def _depth(self, batch: Batch) -> Tensor:
        depth: Tensor = self.model(batch.model_input(self.model.needs)).depth
        return depth


def _sample(index: int) -> Sample:
    sample = Planes(Path())[index]
    before = View(offset=-1, image=sample.image // 2)
    layers = {"age": TimeLayer(2.0)}
    return replace(sample, sparse=None, truth=None, camera=None, views=(before,), layers=layers)


def _step(objective: Objective) -> OptimizerStep:
    return OptimizerStep(TinyScaffNet(), objective, Fabric(accelerator="cpu", devices=1))


def test_images_alone_can_be_learned_from() -> None:
    objective = _SameDepthAsBefore(Monocular())
    batch = collate([_sample(index) for index in range(4)], objective.requirements)
    assert (batch.size, batch.truth) == (4, None)
    step = _step(objective)
    losses = [step.step([batch], rates={"depth": 0.5}, wants_stop=False).loss for _ in range(8)]
    assert all(math.isfinite(loss) for loss in losses)
    assert losses[-1] < losses[0]


def test_what_the_objective_requires_is_missed() -> None:
    objective = _SameDepthAsBefore(Monocular())
    poor = [replace(_sample(0), layers={}), replace(_sample(1), views=())]
    reasons = [reason for _, reason, _ in collate(poor, objective.requirements).skipped]
    assert reasons == ["no layer 'age'", "no image at -1"]


@pytest.mark.parametrize("frozen", [False, True])
def test_no_samples_give_gradients_of_zero_to_all_that_is_learned(frozen: bool) -> None:
    """The objective would fail without its layer; it is not asked."""
    objective = _SameDepthAsBefore(Monocular())
    assert isinstance(objective.model, Monocular)
    objective.model.near.requires_grad_(not frozen)
    empty = collate([replace(_sample(0), layers={})], objective.requirements)
    report = PassOfProcess(objective)(empty)
    report.total.sum().backward()
    assert report.total.tolist() == [0.0]
    assert objective.model.span.grad is not None
    assert torch.equal(objective.model.span.grad, torch.tensor(0.0))
    assert (objective.model.near.grad is None) == frozen
