# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The optimiser of an objective's parameter groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from torch.optim import SGD, Adam, AdamW, Optimizer

from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.objectives.objective import Objective, ParameterGroup
from depth_completion_core.training.recipes.recipe import OptimizerConfig

_RATE_FACTOR = "rate_factor"


def built_optimizer(settings: OptimizerConfig, objective: Objective) -> Optimizer:
    """The optimiser, with a learning rate of 0 until :func:`set_rate`.

    Raises:
        TrainingError: a parameter that learns is in no group, or in several.
    """
    groups = objective.parameter_groups()
    _check_groups(objective, groups)
    learned = [
        {
            "params": parameters,
            "weight_decay": settings.weight_decay
            if group.weight_decay is None
            else group.weight_decay,
            _RATE_FACTOR: group.rate_factor,
        }
        for group in groups
        if (parameters := [each for each in group.parameters if each.requires_grad])
    ]
    if settings.name == "sgd":
        return SGD(learned, lr=0.0, momentum=settings.momentum, nesterov=settings.nesterov)
    kinds: dict[str, type[Adam]] = {"adam": Adam, "adamw": AdamW}
    betas = settings.beta1, settings.beta2
    return kinds[settings.name](learned, lr=0.0, betas=betas, eps=settings.eps)


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Give each group its share of a learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group[_RATE_FACTOR]


def _check_groups(objective: Objective, groups: Sequence[ParameterGroup]) -> None:
    counts = Counter(id(parameter) for group in groups for parameter in group.parameters)
    wrong = [
        f"{name} is in {counts[id(parameter)]}"
        for name, parameter in objective.named_parameters()
        if parameter.requires_grad and counts[id(parameter)] != 1
    ]
    if wrong:
        raise TrainingError(
            f"{type(objective).__name__}.parameter_groups() must name each parameter that learns "
            f"once, but {', '.join(wrong[:3])} of its groups"
        )
