# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Groups of parameters learn at rates of their own, and decay by their own."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.loop.optimizer import built_optimizer, set_rates
from depth_completion_core.training.objectives.objective import (
    Objective,
    ObjectiveReport,
    ParameterGroup,
)
from depth_completion_core.training.recipes.networks import NetworkTraining
from depth_completion_core.training.recipes.recipe import OptimizerConfig

_SETTINGS = OptimizerConfig(name="adamw", weight_decay=0.25)


class _Model(CompletionModel):
    """An encoder, a decoder, and a part that stays as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder, self.frozen = (nn.Parameter(torch.ones(2)) for _ in range(3))
        self.frozen.requires_grad = False

    def forward(self, inputs: ModelInput) -> ModelOutput:
        return ModelOutput(depth=inputs.sparse_depth)


class _Grouped(Objective):
    def __init__(self, model: _Model, groups: list[ParameterGroup] | None = None) -> None:
        super().__init__(model)
        self._groups = groups or [
            ParameterGroup((model.encoder, model.frozen), rate_factor=0.1, weight_decay=0.5),
            ParameterGroup((model.decoder,)),
        ]

    def forward(self, batch: Batch) -> ObjectiveReport:
        return ObjectiveReport(total=batch.true_depth.sum((1, 2, 3)), depth=batch.true_depth)

    def parameter_groups(self) -> list[ParameterGroup]:
        return self._groups


def _after_one_step(objective: Objective) -> dict[str, float]:
    """With a gradient of 1 everywhere, of which Adam's first step keeps the sign."""
    optimizer = built_optimizer(_SETTINGS, objective)
    for parameter in objective.parameters():
        parameter.grad = torch.ones_like(parameter)
    set_rates(optimizer, {"depth": 0.2})
    optimizer.step()
    return {name: float(value[0]) for name, value in objective.model.state_dict().items()}


def test_each_group_has_its_rate_and_its_decay() -> None:
    """AdamW: a weight of 1 shrinks by rate times decay, then moves by the rate."""
    found = _after_one_step(_Grouped(_Model()))
    encoder, decoder = 1.0 - 0.02 * 0.5 - 0.02, 1.0 - 0.2 * 0.25 - 0.2
    assert found == pytest.approx({"encoder": encoder, "decoder": decoder, "frozen": 1.0}, rel=1e-5)


def test_a_networks_own_settings_stand_between_its_groups_and_the_optimiser() -> None:
    """Factors are multiplied; of weight decays, the most particular one counts."""
    training = {"depth": NetworkTraining(rate_factor=0.5, weight_decay=0.125)}
    optimizer = built_optimizer(_SETTINGS, _Grouped(_Model()), training)
    set_rates(optimizer, {"depth": 0.2})
    found = [(group["lr"], group["weight_decay"]) for group in optimizer.param_groups]
    assert found == [pytest.approx((0.01, 0.5)), pytest.approx((0.1, 0.125))]


def test_by_default_all_that_learns_is_one_group() -> None:
    class Plain(_Grouped):
        parameter_groups = Objective.parameter_groups

    found = _after_one_step(Plain(_Model()))
    learned = 1.0 - 0.2 * 0.25 - 0.2
    assert found == pytest.approx({"encoder": learned, "decoder": learned, "frozen": 1.0}, rel=1e-5)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([("encoder",)], r"model.decoder is in 0 of its groups"),
        ([("encoder", "decoder"), ("decoder",)], r"model.decoder is in 2 of its groups"),
    ],
)
def test_a_parameter_that_is_not_in_one_group_is_named(
    names: list[tuple[str, ...]], message: str
) -> None:
    model = _Model()
    groups = [ParameterGroup(tuple(getattr(model, each) for each in group)) for group in names]
    with pytest.raises(TrainingError, match=message):
        built_optimizer(_SETTINGS, _Grouped(model, groups))


def test_sgd_is_that_of_its_formula() -> None:
    """Sutskever et al., ICML 2013, as torch counts it; what decays is added to the gradient."""
    settings = OptimizerConfig(name="sgd", momentum=0.9, nesterov=True, weight_decay=0.1)
    model = _Model()
    group = ParameterGroup((model.encoder, model.decoder))
    optimizer = built_optimizer(settings, _Grouped(model, [group]))
    value, speed = 1.0, 0.0
    for gradient in (1.0, -2.0, 0.5):
        model.encoder.grad = torch.full((2,), gradient)
        set_rates(optimizer, {"depth": 0.2})
        optimizer.step()
        pulled = gradient + 0.1 * value
        speed = 0.9 * speed + pulled
        value -= 0.2 * (pulled + 0.9 * speed)
        assert float(model.encoder.detach()[0]) == pytest.approx(value, rel=1e-5)
