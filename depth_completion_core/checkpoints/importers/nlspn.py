# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NLSPN's released weights, or ImageNet's for its trunk.

Names are those of the release. Its files hold the command line that trained them, too; it says what
the network is like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

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
from depth_completion_core.models.configs.nlspn import PRESETS, NLSPNConfig
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.settings.mapping import config_from_mapping, config_to_mapping

_RANGES = {
    "nyu": "rooms, up to 10 m, in images of 240 rows, to which larger ones are resized",
    "kitti": "streets, up to 90 m, in images as KITTI's, which are seen at their own size",
}
_DATA_SETS = {"NYU": "nyu", "KITTIDC": "kitti"}
_STAGES = {f"layer{number}.": f"conv{number + 1}." for number in range(1, 5)}
_ARGUMENTS = {
    "network": "trunk",
    "prop_time": "propagation_steps",
    "prop_kernel": "propagation_kernel",
    "affinity": "affinity",
    "affinity_gamma": "affinity_gamma",
    "conf_prop": "confidence",
    "max_depth": "max_depth",
}

# The release was trained before the flag ``legacy`` was there, and its README asks for it and for
# ``preserve_input``, whatever its files say of the latter. A file that knows the flag is of a
# network trained since, with both as it says.
_SINCE_LEGACY = ("legacy", "preserve_input")


def import_released(state: Mapping[str, Any], model: str, preset: str) -> ReleasedWeights:
    """Weights and settings of a released file, or of a classifier for the trunk.

    Args:
        state: what the file holds.
        model: nlspn.
        preset: nyu or kitti; empty for what the file says, or nyu where it says nothing.

    Raises:
        CheckpointError: the file belongs to another network or preset, or there is no such preset.
    """
    del model
    if preset and preset not in PRESETS:
        raise CheckpointError(f"unknown preset '{preset}' of nlspn; known: {', '.join(PRESETS)}")
    tensors = flat_tensors(state["net"] if isinstance(state.get("net"), Mapping) else state)
    if is_imagenet_resnet(tensors):
        return _with_imagenet(tensors)
    if "prop_layer.conv_offset_aff.weight" not in tensors:
        raise CheckpointError(
            "this is no NLSPN of the authors' release: 'prop_layer.conv_offset_aff.weight' is not "
            "in it; give model_*.pt or NLSPN_*.pt of the release"
        )
    arguments = state.get("args")
    said: Mapping[str, Any] = arguments if isinstance(arguments, Mapping) else {}
    trained_on = _DATA_SETS.get(str(said.get("data_name")))
    if preset and trained_on not in (None, preset):
        raise CheckpointError(
            f"the command line in the file says data_name {said['data_name']}, which is --preset "
            f"{trained_on}, not {preset}; leave --preset out"
        )
    chosen = preset or trained_on or "nyu"
    return ReleasedWeights(
        weights=tensors,
        config=config_to_mapping(_config(PRESETS[chosen], tensors, said)),
        preset=chosen,
        trained_for=_RANGES[chosen],
        licence="MIT",
        licence_note="Weights of the authors of NLSPN, (c) 2020 Jinsun Park; MIT licence.",
    )


def _config(
    released: NLSPNConfig, tensors: Mapping[str, Tensor], said: Mapping[str, Any]
) -> NLSPNConfig:
    """As the command line says; without one, as the tensors show."""
    stage = {name.split(".")[1] for name in tensors if name.startswith("conv4.")}
    shown = replace(
        released,
        trunk="resnet18" if len(stage) == 2 else "resnet34",
        propagation_kernel=tensors["prop_layer.w"].shape[-1] if "prop_layer.w" in tensors else 3,
        confidence=any(name.startswith("cf_dec0.") for name in tensors),
    )
    known = {ours: said[theirs] for theirs, ours in _ARGUMENTS.items() if theirs in said}
    if "legacy" in said:
        known |= {name: said[name] for name in _SINCE_LEGACY if name in said}
    try:
        return config_from_mapping(NLSPNConfig, {**config_to_mapping(shown), **known}, "nlspn.")
    except ConfigError as error:
        raise CheckpointError(
            f"the command line in the file cannot be followed: {error}"
        ) from error


def _with_imagenet(tensors: Mapping[str, Tensor]) -> ReleasedWeights:
    from depth_completion_core.models.nlspn import NLSPN  # noqa: PLC0415 - slow to import

    trunk = trunk_named(tensors)
    if trunk == "resnet50":
        raise CheckpointError("NLSPN has the trunk resnet18 or resnet34; this file is a resnet50")
    config = NLSPNConfig(trunk=trunk)
    return ReleasedWeights(
        weights=with_trunk(NLSPN(config), tensors, _STAGES),
        config=config_to_mapping(config),
        preset="",
        trained_for="nothing yet",
        licence=LICENCE,
        licence_note=LICENCE_NOTE,
    )
