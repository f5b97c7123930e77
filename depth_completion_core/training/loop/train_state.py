# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All that learns: an objective with its network, their optimiser, averaged weights, and state."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from depth_completion_core.checkpoints.checkpoint import load_weights
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.init_weights import load_init_weights
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.loop.averaging import AveragedWeights
from depth_completion_core.training.loop.optimizer_step import OptimizerStep, StepResult
from depth_completion_core.training.loop.run_checkpoints import (
    State,
    generator_states,
    set_generator_states,
    set_seed,
)
from depth_completion_core.training.objectives.objective import Objective
from depth_completion_core.training.recipes.recipe import Recipe

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class ShownNetworks(NamedTuple):
    """Networks in evaluation mode, on the device of the run.

    Attributes:
        depth: the model of the recipe.
        beside: what else was learned, by name.
    """

    depth: CompletionModel
    beside: Mapping[str, nn.Module]


class TrainState:
    """A recipe's objective on its devices, the network inside.

    Args:
        recipe: all settings.
        fabric: with its processes started.

    Attributes:
        requires: what a sample must have to be learned from.
        model_needs: what it must have to be scored with, beside true depth.
    """

    def __init__(self, recipe: Recipe, fabric: Fabric) -> None:
        self._fabric = fabric
        self._model = starting_model(recipe)
        self._objective = recipe.objective(self._model)
        _freeze(self._objective, recipe)
        self.model_needs = self._model.needs
        # Convolutions are 1.4 times as fast so, on a CPU, too.
        self._objective.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.requires = self._objective.requirements
        self._optimizer_step = OptimizerStep(recipe, self._objective, fabric)
        decay = recipe.average_decay
        self._average = AveragedWeights(self._objective, decay) if decay else None

    @property
    def network_names(self) -> list[str]:
        """Of all networks of the objective."""
        return list(self._objective.networks)

    def step(
        self, passes: Sequence[Batch], *, rates: Mapping[str, float], wants_stop: bool
    ) -> StepResult:
        """See :meth:`OptimizerStep.step`."""
        result = self._optimizer_step.step(passes, rates=rates, wants_stop=wants_stop)
        if self._average is not None and not math.isnan(result.loss):
            self._average.update(self._objective)
        return result

    def shown_networks(self) -> ShownNetworks:
        """Copies with the averaged weights, where there are such, to score and to hand out."""
        objective = self.shown_objective()
        return ShownNetworks(depth=objective.model, beside=dict(objective.beside))

    def shown_objective(self) -> Objective:
        """All of it, as :meth:`shown_networks`."""
        objective = copy.deepcopy(self._objective)
        if self._average is not None:
            objective.load_state_dict(self._average.values)
        objective.eval()
        return objective

    def state(self) -> State:
        """Everything that the next step depends on; every process must ask."""
        average = self._average
        return {
            "objective": self._objective.state_dict(),
            "optimizer": self._optimizer_step.optimizer.state_dict(),
            "scaler": self._fabric.strategy.precision.state_dict(),
            "average": average and {"values": average.values, "updates": average.updates},
            "generators": self._generators(),
        }

    def restore(self, state: State) -> None:
        """Go back to where :meth:`state` was asked for."""
        load_weights(self._objective, state["objective"], what="the newest checkpoint")
        self._optimizer_step.optimizer.load_state_dict(state["optimizer"])
        self._fabric.strategy.precision.load_state_dict(state["scaler"])
        if self._average is not None:
            self._average.load(**state["average"])
        generators, rank = state["generators"], self._fabric.global_rank
        # With more processes than before, some have no state; no sampling uses them.
        if rank < len(generators["torch"]):
            own = {key: value[rank].clone() for key, value in generators.items()}
            set_generator_states(own, self._fabric.device)

    def _generators(self) -> dict[str, Tensor]:
        """The states of all processes, (processes, N) each."""
        own = generator_states(self._fabric.device)
        if self._fabric.world_size == 1:
            return {key: value[None] for key, value in own.items()}
        gathered = {key: self._fabric.all_gather(value) for key, value in own.items()}
        return {key: torch.as_tensor(value).cpu() for key, value in gathered.items()}


def _freeze(objective: Objective, recipe: Recipe) -> None:
    for name, training in recipe.network_trainings().items():
        if name not in objective.networks:
            raise TrainingError(
                f"the recipe says how '{name}' is trained, but its objective has the networks "
                f"{', '.join(objective.networks)}"
            )
        if training.frozen:
            objective.freeze(name)


def starting_model(recipe: Recipe) -> CompletionModel:
    """With random weights, or those that the recipe begins from.

    Raises:
        TrainingError: the weights cannot be read, or are of another network.
    """
    set_seed(recipe.seed)
    model = recipe.build_model()
    path = recipe.starting_weights()
    if path is not None:
        try:
            weights = load_init_weights(path, recipe.model_name)
            load_weights(model, weights, what=str(path))
        except CheckpointError as error:
            raise TrainingError(str(error)) from error
    return model
