# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Weights alone, to begin another training run from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from depth_completion_core.checkpoints.checkpoint import load_checkpoint
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.shards import read_shards
from depth_completion_core.settings.mapping import config_to_mapping


def load_init_weights(
    path: Path,
    model_name: str,
    config: Any = None,  # noqa: ANN401
) -> dict[str, Tensor]:
    """The weights of a checkpoint (.safetensors), or of a folder that holds one in pieces.

    Args:
        path: of either.
        model_name: the network's name in the table of models.
        config: the network's settings, which the weights must have been trained with; None to take
            any. Half of a network's settings leave no trace in the shapes of its weights.

    Raises:
        CheckpointError: they are of another network, or incomplete, damaged or missing.
    """
    if path.is_dir():
        file = read_shards(path)
        name, found, weights = file.model_name, file.mapping("config"), file.weights
    else:
        checkpoint = load_checkpoint(path)
        name, found = checkpoint.name, config_to_mapping(checkpoint.model.config)
        weights = checkpoint.model.state_dict()
    _check_kind(path, name, model_name)
    if config is not None:
        _check_config(path, found, config_to_mapping(config))
    return weights


def _check_kind(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise CheckpointError(
            f"{path} holds weights of '{found}', but this recipe trains '{expected}'; give a "
            "checkpoint of that"
        )


def _check_config(path: Path, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    differing = [
        f"{key} {found.get(key)} where {value} was expected"
        for key, value in expected.items()
        if found.get(key) != value
    ]
    if differing:
        raise CheckpointError(
            f"the weights in {path} were trained with other settings: {'; '.join(differing)}; give "
            "the recipe's network those settings"
        )
