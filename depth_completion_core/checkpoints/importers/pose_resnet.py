# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The PoseResNet in a checkpoint of PackNet-SfM, or ImageNet's weights for its trunk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.importers import ReleasedWeights, imagenet_trunk
from depth_completion_core.checkpoints.importers.packnet_parts import (
    LICENCE,
    LICENCE_NOTE,
    pose_tensors,
)
from depth_completion_core.checkpoints.importers.pose_files import TRAINED_FOR, refuse_preset
from depth_completion_core.checkpoints.importers.released_parts import quoted
from depth_completion_core.models.configs.pose import PoseResNetConfig
from depth_completion_core.settings.mapping import config_to_mapping

_TRUNK = "encoder.encoder."
_IMAGES = 2


def import_released(state: Mapping[str, Any], model: str, preset: str) -> ReleasedWeights:
    """Weights and settings of a released file, or of a classifier for the trunk.

    Args:
        state: what the file holds.
        model: pose_resnet.
        preset: empty.

    Raises:
        CheckpointError: the file is of another network, or a preset was given.
    """
    refuse_preset(model, preset)
    weights = pose_tensors(state)
    if imagenet_trunk.is_imagenet_resnet(weights):
        return _with_imagenet(weights)
    trunk = {
        key.removeprefix(_TRUNK): value for key, value in weights.items() if key.startswith(_TRUNK)
    }
    if not trunk or "decoder.net.0.weight" not in weights:
        hint = "; --model packnet_pose imports it" if "pose_pred.weight" in weights else ""
        raise CheckpointError(
            f"this is no PoseResNet of PackNet-SfM: '{_TRUNK}conv1.weight' or "
            f"'decoder.net.0.weight' is not in it, what is in it is {quoted(list(weights))}{hint}"
        )
    return ReleasedWeights(
        weights=weights,
        config=config_to_mapping(PoseResNetConfig(trunk=imagenet_trunk.trunk_named(trunk))),
        trained_for=TRAINED_FOR,
        licence=LICENCE,
        licence_note=LICENCE_NOTE,
    )


def _with_imagenet(tensors: dict[str, Tensor]) -> ReleasedWeights:
    """The first layer sees two images with the same weights, halved, so that its sums stay."""
    from depth_completion_core.models.pose.pose_resnet import PoseResNet  # noqa: PLC0415 - slow

    first = tensors["conv1.weight"].repeat(1, _IMAGES, 1, 1) / _IMAGES
    config = PoseResNetConfig(trunk=imagenet_trunk.trunk_named(tensors))
    places = {
        name: f"{_TRUNK}{name}"
        for name in ("conv1.", "bn1.", "fc.", *(f"layer{number}." for number in range(1, 5)))
    }
    found = {**tensors, "conv1.weight": first}
    return ReleasedWeights(
        weights=imagenet_trunk.with_trunk(PoseResNet(config), found, places),
        config=config_to_mapping(config),
        trained_for="nothing yet",
        licence=imagenet_trunk.LICENCE,
        licence_note=imagenet_trunk.LICENCE_NOTE,
    )
