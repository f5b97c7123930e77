# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The PoseNet in a checkpoint of PackNet-SfM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.importers import ReleasedWeights
from depth_completion_core.checkpoints.importers.packnet_parts import (
    LICENCE,
    LICENCE_NOTE,
    pose_tensors,
)
from depth_completion_core.checkpoints.importers.pose_files import TRAINED_FOR, refuse_preset
from depth_completion_core.checkpoints.importers.released_parts import quoted
from depth_completion_core.checkpoints.importers.released_shapes import conv_filters
from depth_completion_core.models.configs.pose import PackNetPoseConfig
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.settings.mapping import config_to_mapping

_LAST = "pose_pred.weight"


def import_released(state: Mapping[str, Any], model: str, preset: str) -> ReleasedWeights:
    """Weights and settings of a released file, which its shapes tell.

    Args:
        state: what the file holds.
        model: packnet_pose.
        preset: empty.

    Raises:
        CheckpointError: the file is of another network, or a preset was given.
    """
    refuse_preset(model, preset)
    weights = pose_tensors(state)
    if _LAST not in weights or weights[_LAST].ndim != 4:
        hint = "; --model pose_resnet imports it" if "decoder.net.0.weight" in weights else ""
        raise CheckpointError(
            f"this is no PoseNet of PackNet-SfM: '{_LAST}' is not in it, what is in it is "
            f"{quoted(list(weights))}{hint}"
        )
    return ReleasedWeights(
        weights=weights,
        config=config_to_mapping(_settings(weights)),
        trained_for=TRAINED_FOR,
        licence=LICENCE,
        licence_note=LICENCE_NOTE,
    )


def _settings(weights: Mapping[str, Tensor]) -> PackNetPoseConfig:
    filters = conv_filters(weights, "conv{}.0.weight", first=1)
    try:
        return PackNetPoseConfig(contexts=weights[_LAST].shape[0] // 6, filters=filters)
    except ConfigError as error:
        raise CheckpointError(f"its layers are not those of the release: {error}") from error
