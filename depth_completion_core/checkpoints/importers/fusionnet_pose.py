# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pose network of FusionNet's release, ``posenet-<step>.pth``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.importers import ReleasedWeights
from depth_completion_core.checkpoints.importers.pose_files import TRAINED_FOR, refuse_preset
from depth_completion_core.checkpoints.importers.released_parts import (
    LICENCE,
    LICENCE_NOTE,
    parts_of,
    quoted,
    tensor_of,
)
from depth_completion_core.checkpoints.importers.released_shapes import (
    conv_filters,
    encoder_settings,
    with_our_names,
)
from depth_completion_core.models.configs.pose import FusionNetPoseConfig
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.settings.mapping import config_to_mapping

_PARTS = {"encoder_state_dict": "encoder", "decoder_state_dict": "decoder"}
_CHANNELS = 6


def import_released(state: Mapping[str, Any], model: str, preset: str) -> ReleasedWeights:
    """Weights and settings of a released file, which its shapes tell.

    Args:
        state: what the file holds.
        model: fusionnet_pose.
        preset: empty.

    Raises:
        CheckpointError: the file is of another network, or a preset was given.
    """
    refuse_preset(model, preset)
    parts = parts_of(state)
    weights = {
        f"{ours}.{key}": tensor_of(f"{theirs}.{key}", value)
        for theirs, ours in _PARTS.items()
        for key, value in with_our_names(parts.get(theirs, {})).items()
    }
    first = weights.get("encoder.conv1.conv.weight")
    if first is None or first.ndim != 4 or first.shape[1] != _CHANNELS:
        raise CheckpointError(
            "this is no PoseNet of the authors' PyTorch release, whose 'encoder_state_dict' sees "
            f"two images; what is in it is {quoted(list(parts))}; give the file posenet-<step>.pth"
        )
    return ReleasedWeights(
        weights=weights,
        config=config_to_mapping(_settings(weights)),
        trained_for=TRAINED_FOR,
        licence=LICENCE,
        licence_note=LICENCE_NOTE,
    )


def _settings(weights: Mapping[str, Tensor]) -> FusionNetPoseConfig:
    """As the shapes show."""
    encoder = {key.removeprefix("encoder."): value for key, value in weights.items()}
    is_resnet = any(key.startswith("conv2.0.") for key in encoder)
    try:
        return FusionNetPoseConfig(
            encoder="resnet18" if is_resnet else "posenet",
            filters=encoder_settings(encoder)["filters"]
            if is_resnet
            else conv_filters(encoder, "conv{}.conv.weight", first=1),
            decoder_filters=conv_filters(weights, "decoder.conv.{}.conv.weight", first=0)[:-1],
        )
    except ConfigError as error:
        raise CheckpointError(f"its layers are not those of the release: {error}") from error
