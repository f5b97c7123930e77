# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the recipes have in common that train FusionNet as its authors do, without true depth.

The presets are the settings of the two releases of Wong, Cicek and Soatto, "Learning Topology from
Synthetic Data for Unsupervised Depth Completion" (RA-L 2021): ``pytorch``, and ``paper``, the
TensorFlow code that came with the paper. The networks are those of the PyTorch release in both, and
so are its losses: the other one leaves measured pixels out of the photometric terms, predicts
motions as Euler angles, takes the prior where both views look alike, and reads ScaffNet's depth
from files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal, TypeVar

from depth_completion_core.losses.view_weights import ViewSynthesisLossConfig
from depth_completion_core.models.configs.fusionnet import FusionNetConfig
from depth_completion_core.training.recipes.fusionnet import fusionnet_around_scaffnet
from depth_completion_core.training.recipes.networks import NetworkTraining, PoseTraining
from depth_completion_core.training.recipes.recipe import Recipe
from depth_completion_core.training.recipes.schedule import ScheduleConfig

if TYPE_CHECKING:
    from depth_completion_core.models.base import CompletionModel
    from depth_completion_core.training.objectives.objective import Objective

RecipeT = TypeVar("RecipeT", bound="FusionNetViewsRecipe")
Frames = Literal["frames", "triplets"]
"""Where neighbouring images come from: the frames of the set, or files of three side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionNetViewsRecipe(Recipe):
    """Trains FusionNet by what neighbouring images look like through its depth."""

    model_name: ClassVar[str] = "fusionnet"

    preset: str = "pytorch"
    network: FusionNetConfig = field(default_factory=FusionNetConfig)
    loss: ViewSynthesisLossConfig = field(
        default_factory=lambda: ViewSynthesisLossConfig(prior="released")
    )
    poses: Literal["network", "set"] = "network"
    """Whose motions of the camera: those that a pose network learns, or those of the set's poses.
    """
    pose: PoseTraining = field(default_factory=lambda: PoseTraining(weight_decay=0.0))
    scaffnet_weights: str = ""
    """Checkpoint (.safetensors) or folder of shards of the ScaffNet inside, which stays as it is;
    'random' for none, as a test of the trainer."""

    def build_model(self) -> CompletionModel:
        """FusionNet around its ScaffNet; raises TrainingError."""
        return fusionnet_around_scaffnet(self.network, self.scaffnet_weights, self.init_weights)

    def network_trainings(self) -> dict[str, NetworkTraining]:
        """Of the pose network, where there is one."""
        return {"pose": self.pose} if self.poses == "network" else {}

    def objective(self, model: CompletionModel) -> Objective:
        """With the terms of the release."""
        from depth_completion_core.models.fusionnet import FusionNet  # noqa: PLC0415 - needs torch
        from depth_completion_core.training.objectives.view_synthesis import (  # noqa: PLC0415
            ViewSynthesisObjective,
        )

        assert isinstance(model, FusionNet)  # noqa: S101 - as built above
        pose = self.pose.build() if self.poses == "network" else None
        return ViewSynthesisObjective(model, self.loss, pose)


def rates_until(rates: Mapping[int, float]) -> ScheduleConfig:
    """The learning rate until the end of each epoch that is named, counted from 1."""
    return ScheduleConfig(kind="piecewise", rates=tuple(rates.values()), until_epochs=tuple(rates))


def as_in_the_paper(
    recipe: RecipeT, *, epochs: int, rates: Mapping[int, float], loss: ViewSynthesisLossConfig
) -> RecipeT:
    """A recipe of the PyTorch release with the settings of the paper's code: no flip, batch 8."""
    return replace(
        recipe,
        preset="paper",
        epochs=epochs,
        batch_size=8,
        loss=loss,
        schedule=rates_until(rates),
    )
