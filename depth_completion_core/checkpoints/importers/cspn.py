# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ImageNet's weights for CSPN's trunk. The released weights of CSPN are for ``cspn_legacy``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.importers import ReleasedWeights
from depth_completion_core.checkpoints.importers.flat_state import flat_tensors
from depth_completion_core.checkpoints.importers.imagenet_trunk import (
    LICENCE,
    LICENCE_NOTE,
    is_imagenet_resnet,
    trunk_named,
    with_trunk,
)
from depth_completion_core.models.configs.cspn import CSPNConfig
from depth_completion_core.settings.mapping import config_to_mapping

_PLACES = {name: f"unet.{name}" for name in ("bn1.", *(f"layer{n}." for n in range(1, 5)))}


def import_released(state: Mapping[str, Any], model: str, preset: str) -> ReleasedWeights:
    """A network with random weights, but for its trunk.

    Args:
        state: what the file of the classifier holds.
        model: cspn.
        preset: empty.

    Raises:
        CheckpointError: the file is no ResNet that was trained on ImageNet.
    """
    from depth_completion_core.models.cspn import CSPN  # noqa: PLC0415 - slow to import

    del model
    tensors = flat_tensors(state)
    if preset or not is_imagenet_resnet(tensors):
        raise CheckpointError(
            "cspn takes the weights of an ImageNet classifier (resnet18, resnet34 or resnet50) for "
            "its trunk, and no preset; released weights of CSPN are for --model cspn_legacy"
        )
    config = CSPNConfig(trunk=trunk_named(tensors))
    return ReleasedWeights(
        weights=with_trunk(CSPN(config), tensors, _PLACES),
        config=config_to_mapping(config),
        preset="",
        trained_for="nothing yet",
        licence=LICENCE,
        licence_note=LICENCE_NOTE,
    )
