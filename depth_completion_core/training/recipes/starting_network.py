# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network of a recipe that goes on from trained weights: as those weights say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from depth_completion_core.checkpoints.errors import CheckpointError, WeightsError
from depth_completion_core.training.errors import TrainingError

if TYPE_CHECKING:
    from depth_completion_core.models.base import CompletionModel


def weights_or_shipped(given: str, model_name: str) -> Path:
    """The weights to begin from: those that were given, or those that come along.

    Raises:
        TrainingError: none were given, and none come along.
    """
    from depth_completion_core.checkpoints.default_weights import (  # noqa: PLC0415 - needs torch
        shipped_weights,
    )

    if given:
        return Path(given)
    try:
        return shipped_weights(model_name)
    except WeightsError as error:
        raise TrainingError(f"give --init_weights FILE.safetensors: {error}") from error


def network_of(path: Path, model_name: str) -> CompletionModel:
    """A network with the settings, and the weights, of a checkpoint or a folder of shards.

    Raises:
        TrainingError: it cannot be read, or holds another network.
    """
    from depth_completion_core.checkpoints.checkpoint import (  # noqa: PLC0415 - needs torch
        checkpoint_of,
        load_checkpoint,
    )
    from depth_completion_core.checkpoints.shards import read_shards  # noqa: PLC0415 - likewise

    try:
        found = checkpoint_of(read_shards(path)) if path.is_dir() else load_checkpoint(path)
    except CheckpointError as error:
        raise TrainingError(str(error)) from error
    if found.name != model_name:
        raise TrainingError(
            f"{path} holds weights of '{found.name}', but this recipe trains '{model_name}'; give "
            "a checkpoint of that"
        )
    return found.model
