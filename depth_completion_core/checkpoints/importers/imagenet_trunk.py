# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ImageNet's weights of a ResNet, put into a network with such a trunk to begin training from."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.models.configs.checks import ResNetTrunk

LICENCE = "that of the ImageNet weights given"
LICENCE_NOTE = (
    "The trunk has ImageNet's weights, all else is random: train it (--init_weights) before use."
)
_DEPTHS: dict[ResNetTrunk, int] = {
    "resnet18": 2,
    "resnet34": 6,
    "resnet50": 6,
}  # blocks of the third stage


def is_imagenet_resnet(tensors: Mapping[str, Tensor]) -> bool:
    """Whether this is a classifier."""
    return {"fc.weight", "layer1.0.conv1.weight", "layer4.0.conv1.weight"} <= tensors.keys()


def trunk_named(tensors: Mapping[str, Tensor]) -> ResNetTrunk:
    """Which ResNet it is.

    Raises:
        CheckpointError: none that a network here has as its trunk.
    """
    blocks = {name.split(".")[1] for name in tensors if name.startswith("layer3.")}
    has_bottlenecks = "layer1.0.conv3.weight" in tensors
    for trunk, count in _DEPTHS.items():
        if len(blocks) == count and has_bottlenecks == (trunk == "resnet50"):
            return trunk
    raise CheckpointError(
        f"this ResNet has {len(blocks)} blocks in its third stage, which none of "
        f"{', '.join(_DEPTHS)} has; take the weights of one of these"
    )


def with_trunk(
    model: nn.Module, tensors: Mapping[str, Tensor], places: Mapping[str, str]
) -> dict[str, Tensor]:
    """A network's random weights, with ImageNet's in their places.

    Args:
        model: with random weights.
        tensors: of the classifier.
        places: our prefix by theirs, as ``layer1.``.
    """
    weights = dict(model.state_dict())
    for name, value in tensors.items():
        for theirs, ours in places.items():
            if name.startswith(theirs):
                weights[ours + name.removeprefix(theirs)] = value
    return weights
