# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How each of several networks of a recipe is trained, and which one tells motion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.models.configs.pose import FUSIONNET_POSES, PoseNetworkName
from depth_completion_core.settings.fields import ConfigError, setting
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.recipes.schedule import ScheduleConfig

if TYPE_CHECKING:
    from depth_completion_core.models.pose.base import PoseNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkTraining:
    """How one network is trained; by default as the recipe's optimiser and schedule say."""

    frozen: bool = False
    """Leave it as it is, the statistics of its batch norm included."""
    rate_factor: float = setting(1.0, low=0.0)
    """Its learning rate is that of the schedule times this."""
    rates: tuple[float, ...] = ()
    """Learning rates of its own, in place of the schedule's; empty for none."""
    until_epochs: tuple[int, ...] = ()
    """The last epoch of each of them, counted from 1; the last rate is kept afterwards."""
    weight_decay: float = setting(-1.0, low=-1.0)
    """Its own weight decay; -1 for that of the optimiser."""

    def __post_init__(self) -> None:
        """Refuse a schedule that makes no sense."""
        if self.rates or self.until_epochs:
            self.schedule(ScheduleConfig())

    def schedule(self, of_recipe: ScheduleConfig) -> ScheduleConfig:
        """How its learning rate changes."""
        if not self.rates and not self.until_epochs:
            return of_recipe
        try:
            return replace(
                of_recipe, kind="piecewise", rates=self.rates, until_epochs=self.until_epochs
            )
        except ConfigError as error:
            raise ConfigError(f"of a network's own learning rates: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseTraining(NetworkTraining):
    """The network that tells how the camera moved, and how it is trained."""

    network: PoseNetworkName = "fusionnet_pose"
    """Whose: FusionNet's, PackNet-SfM's PoseNet (which sees all images at once) or PoseResNet."""
    encoder: Literal["posenet", "resnet18"] = "posenet"
    """Of fusionnet_pose: which of the two of its release."""
    init_weights: str = ""
    """Start from this file (.safetensors) or folder of shards of such a network, as
    import_checkpoint and earlier runs write them; empty for random weights."""

    def build(self) -> PoseNetwork:
        """The network with random weights from torch's generator, or those that were given.

        Raises:
            TrainingError: the file cannot be read, or is of another network.
        """
        from depth_completion_core.checkpoints.pose_checkpoint import (  # noqa: PLC0415 - torch
            load_pose_checkpoint,
        )
        from depth_completion_core.models.pose import build_pose_network  # noqa: PLC0415

        if not self.init_weights:
            is_fusionnets = self.network == "fusionnet_pose"
            config = config_to_mapping(FUSIONNET_POSES[self.encoder]) if is_fusionnets else None
            return build_pose_network(self.network, config)
        try:
            found = load_pose_checkpoint(Path(self.init_weights))
        except CheckpointError as error:
            raise TrainingError(str(error)) from error
        if found.name != self.network:
            raise TrainingError(
                f"{self.init_weights} holds the pose network '{found.name}'; give "
                f"--pose.network {found.name}, or weights of '{self.network}'"
            )
        return found.network
