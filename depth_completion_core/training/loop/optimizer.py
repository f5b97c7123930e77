# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The optimiser of an objective's networks and their parameter groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from torch.optim import SGD, Adam, AdamW, Optimizer

from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.objectives.objective import Objective, ParameterGroup
from depth_completion_core.training.recipes.networks import NetworkTraining
from depth_completion_core.training.recipes.recipe import OptimizerConfig

_RATE_FACTOR, _NETWORK = "rate_factor", "network"
_AS_THE_RECIPE = NetworkTraining()


def built_optimizer(
    settings: OptimizerConfig,
    objective: Objective,
    trainings: Mapping[str, NetworkTraining] = MappingProxyType({}),
) -> Optimizer:
    """The optimiser, with a learning rate of 0 until :func:`set_rates`.

    Args:
        settings: of the recipe.
        objective: frozen where that is wanted.
        trainings: how each of its networks is trained; those that are not named, as the recipe.

    Raises:
        TrainingError: a parameter that learns is in no group, or in several, or nothing learns.
    """
    groups = objective.parameter_groups()
    _check_groups(objective, groups)
    learned = [
        _options(settings, group, trainings.get(group.network, _AS_THE_RECIPE))
        for group in groups
        if any(each.requires_grad for each in group.parameters)
    ]
    if not learned:
        raise TrainingError("all networks are frozen, so there is nothing to learn")
    if settings.name == "sgd":
        return SGD(learned, lr=0.0, momentum=settings.momentum, nesterov=settings.nesterov)
    kinds: dict[str, type[Adam]] = {"adam": Adam, "adamw": AdamW}
    betas = settings.beta1, settings.beta2
    return kinds[settings.name](learned, lr=0.0, betas=betas, eps=settings.eps)


def set_rates(optimizer: Optimizer, rates: Mapping[str, float]) -> None:
    """Give each group its share of its network's learning rate.

    Args:
        optimizer: of :func:`built_optimizer`.
        rates: by the name of the network.
    """
    for group in optimizer.param_groups:
        group["lr"] = rates[group[_NETWORK]] * group[_RATE_FACTOR]


def _options(
    settings: OptimizerConfig, group: ParameterGroup, training: NetworkTraining
) -> dict[str, Any]:
    """The most particular weight decay counts; factors are multiplied."""
    decays = (
        group.weight_decay,
        training.weight_decay if training.weight_decay >= 0 else None,
        settings.weight_decay,
    )
    return {
        "params": [each for each in group.parameters if each.requires_grad],
        "weight_decay": next(decay for decay in decays if decay is not None),
        _RATE_FACTOR: group.rate_factor * training.rate_factor,
        _NETWORK: group.network,
    }


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
