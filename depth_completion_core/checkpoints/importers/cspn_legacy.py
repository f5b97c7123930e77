# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CSPN's released weights, without the modules that the released network never calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.importers import ReleasedWeights
from depth_completion_core.checkpoints.importers.flat_state import flat_tensors
from depth_completion_core.checkpoints.importers.imagenet_trunk import trunk_named
from depth_completion_core.models.configs.cspn import PRESETS
from depth_completion_core.settings.mapping import config_to_mapping

_UNUSED = ("up_proj_layer", "conv3.", "post_process_layer.")
_LAST = ("gud_up_proj_layer5.", "gud_up_proj_layer6.")
_FIRST, _RESNET18_CHANNELS = "gud_up_proj_layer1.conv1.weight", 512
_TRAINED_FOR = {
    "nyu": "rooms, up to 10 m, affinities with signs (8sum)",
    "nyu_positive": "rooms, up to 10 m, affinities without signs (8sum_abs)",
    "kitti": "streets",
}


def import_released(state: Mapping[str, Any], model: str, preset: str) -> ReleasedWeights:
    """Weights and settings of a released file.

    Args:
        state: what the file holds.
        model: cspn_legacy.
        preset: nyu, nyu_positive or kitti; empty for the first of those with the file's trunk.
            The file does not say which of the first two it is.

    Raises:
        CheckpointError: the file belongs to another network, or there is no such preset.
    """
    del model
    if preset and preset not in PRESETS:
        raise CheckpointError(
            f"unknown preset '{preset}' of cspn_legacy; known: {', '.join(PRESETS)}"
        )
    tensors = flat_tensors(state)
    if "gud_up_proj_layer6.conv1.weight" not in tensors:
        raise CheckpointError(
            "this is no CSPN of the authors' release: 'gud_up_proj_layer6.conv1.weight' is not in "
            "it; give best_model.pth or epoch_*.pth of the release (for a classifier's weights, "
            "which training begins with, --model cspn)"
        )
    chosen = _preset(tensors, preset)
    return ReleasedWeights(
        weights=_renamed(tensors),
        config=config_to_mapping(PRESETS[chosen]),
        preset=chosen,
        trained_for=_TRAINED_FOR[chosen],
        licence="none was given by the authors",
        licence_note=(
            "The authors of CSPN published these weights without a licence: ask them before you "
            "pass them on or use them for more than research. This file is a conversion of theirs."
        ),
    )


def _preset(tensors: Mapping[str, Tensor], preset: str) -> str:
    """The one that was asked for, or the first with the file's trunk, if it fits the file."""
    trunk = trunk_named(tensors)
    fitting = [name for name, config in PRESETS.items() if config.trunk == trunk]
    if not fitting or (preset and preset not in fitting):
        known = ", ".join(f"{name} {config.trunk}" for name, config in PRESETS.items())
        fix = f"give --preset {fitting[0]}, or none" if fitting else "give a file with one of those"
        raise CheckpointError(
            f"the trunk in the file is a {trunk}; those of the presets are: {known}; {fix}"
        )
    first = tensors.get(_FIRST)
    if trunk == "resnet18" and first is not None and first.shape[1] != _RESNET18_CHANNELS:
        raise CheckpointError(
            f"a resnet18 ends with {_RESNET18_CHANNELS} channels, and the decoder in the file "
            f"takes {first.shape[1]}: the release's code makes such files, and cannot run them "
            "either; give a file of its resnet50, or of the resnet18 of its pull request 25"
        )
    return preset or fitting[0]


def _renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    renamed = {}
    for name, value in tensors.items():
        if name.startswith(_UNUSED):
            continue
        layer, _, rest = name.partition(".")
        if layer.startswith("gud_up_proj_layer") and rest in ("conv1.weight", "sc_conv1.weight"):
            # Theirs convolves an image with zeros between its pixels; ours is the transposed
            # convolution of the image without.
            value = value.flip(-2, -1).transpose(0, 1).contiguous()  # noqa: PLW2901 - the same
        if name.startswith(_LAST):
            rest = "weight"
        renamed[f"unet.{layer}.{rest}"] = value
    return renamed
