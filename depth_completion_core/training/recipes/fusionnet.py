# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every recipe for FusionNet on true depth has in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.models.configs.fusionnet import FusionNetConfig
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.recipes.supervised import SupervisedRecipe

if TYPE_CHECKING:
    from depth_completion_core.models.base import CompletionModel
    from depth_completion_core.models.fusionnet import FusionNet

RANDOM = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionNetRecipe(SupervisedRecipe):
    """Trains FusionNet on true depth."""

    model_name: ClassVar[str] = "fusionnet"

    network: FusionNetConfig = field(default_factory=FusionNetConfig)
    loss: WeightedLossConfig = field(
        default_factory=lambda: WeightedLossConfig(w_l1=1.0, w_normalized_l1=1.0)
    )
    scaffnet_weights: str = ""
    """Checkpoint (.safetensors) or folder of shards of the ScaffNet inside, which stays as it is;
    'random' for none, as a test of the trainer."""

    def build_model(self) -> CompletionModel:
        """See :func:`fusionnet_around_scaffnet`."""
        return fusionnet_around_scaffnet(self.network, self.scaffnet_weights, self.init_weights)


def fusionnet_around_scaffnet(
    network: FusionNetConfig, scaffnet_weights: str, init_weights: str
) -> FusionNet:
    """FusionNet with random weights around the ScaffNet that was given.

    Args:
        network: its settings.
        scaffnet_weights: checkpoint or folder of shards of the ScaffNet inside; or ``random``.
        init_weights: weights that the run begins from, which hold a ScaffNet; empty for none.

    Raises:
        TrainingError: none was given, or it is another network.
    """
    from depth_completion_core.checkpoints.checkpoint import load_weights  # noqa: PLC0415
    from depth_completion_core.checkpoints.init_weights import (  # noqa: PLC0415 - they all
        load_init_weights,  # need torch, which settings are known without
    )
    from depth_completion_core.models.fusionnet import FusionNet  # noqa: PLC0415

    model = FusionNet(network)
    if scaffnet_weights == RANDOM or init_weights:
        return model
    if not scaffnet_weights:
        raise TrainingError(
            "FusionNet corrects a trained ScaffNet: give its weights with --scaffnet_weights "
            "FILE.safetensors (train scaffnet_synthetic first)"
        )
    path = Path(scaffnet_weights)
    try:
        weights = load_init_weights(path, "scaffnet", network.scaffnet)
        load_weights(model.scaffnet, weights, what=str(path))
    except CheckpointError as error:
        raise TrainingError(str(error)) from error
    return model
