# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet's and FusionNet's released weights, brought to the names and the settings of ours.

A released file is a dict of dicts, one per network part; ours has the same names inside the parts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.importers import ReleasedWeights
from depth_completion_core.checkpoints.importers.released_parts import (
    LICENCE,
    LICENCE_NOTE,
    Parts,
    parts_of,
    quoted,
    tensor_of,
)
from depth_completion_core.checkpoints.importers.released_shapes import (
    decoder_settings,
    encoder_settings,
    pool_sizes,
    with_our_names,
)
from depth_completion_core.models.configs import fusionnet, scaffnet
from depth_completion_core.settings.mapping import config_to_mapping

_POOLING, _ENCODER = "spatial_pyramid_pool_state_dict", "scaffnet_encoder_state_dict"
_SCAFFNET = {
    _POOLING: "spatial_pyramid_pool",
    _ENCODER: "encoder",
    "scaffnet_decoder_depth_state_dict": "decoder",
}
_UNCERTAINTY = {"scaffnet_decoder_uncertainty_state_dict": "decoder_uncertainty"}
_FUSIONNET = {
    "fusionnet_encoder_image_state_dict": "encoder_image",
    "fusionnet_encoder_depth_state_dict": "encoder_depth",
    "fusionnet_decoder_state_dict": "decoder",
}
# The names of MonDi's older copy of ScaffNet.
_OLD_NAMES = {
    "encoder_state_dict": "scaffnet_encoder_state_dict",
    "decoder_depth_state_dict": "scaffnet_decoder_depth_state_dict",
    "decoder_uncertainty_state_dict": "scaffnet_decoder_uncertainty_state_dict",
}
_PRESETS: dict[str, dict[str, Any]] = {
    "scaffnet": {**scaffnet.PRESETS},
    "fusionnet": {**fusionnet.PRESETS},
}
_POSENET = {"encoder_state_dict", "decoder_state_dict"}


def import_released(state: Mapping[str, Any], model: str, preset: str) -> ReleasedWeights:
    """Weights and settings of a released file for our ``scaffnet`` or ``fusionnet``.

    Args:
        state: what the released file holds.
        model: scaffnet or fusionnet.
        preset: void or kitti: the data set that the weights were trained for; empty for void.

    Raises:
        CheckpointError: the file belongs to another network, or there is no such preset.
    """
    weights = rename_state(state, model)
    presets = _PRESETS[model]
    preset = preset or next(iter(presets))
    if preset not in presets:
        raise CheckpointError(f"unknown preset '{preset}' of {model}; known: {', '.join(presets)}")
    config = _as_found(presets[preset], weights)
    return ReleasedWeights(
        weights=weights,
        config=config_to_mapping(config),
        preset=preset,
        trained_for=f"{config.min_predict_depth:g} to {config.max_predict_depth:g} m",
        licence=LICENCE,
        licence_note=LICENCE_NOTE,
    )


def rename_state(state: Mapping[str, Any], model: str) -> dict[str, torch.Tensor]:
    """Tensors of a released file under the names of our ``scaffnet`` or ``fusionnet``.

    Args:
        state: dicts of tensors by part, or one flat dict with dotted names; ``module.`` of
            DataParallel anywhere, and beside them optimizer states and counters, which are left.
        model: scaffnet (also out of a FusionNet file, which holds one) or fusionnet.

    Raises:
        CheckpointError: a part is missing, holds no tensors, or is of another network.
    """
    if model not in ("scaffnet", "fusionnet"):
        raise CheckpointError(f"this importer makes scaffnet or fusionnet, not '{model}'")
    parts = _renamed_parts(parts_of(state))
    wanted = _SCAFFNET | (_UNCERTAINTY if _UNCERTAINTY.keys() & parts.keys() else {})
    if _sees_one_channel(parts.get(_ENCODER, {})):
        del wanted[_POOLING]
    if model == "scaffnet":
        renamed = {old: f"{new}." for old, new in wanted.items()}
    else:
        renamed = {old: f"scaffnet.{new}." for old, new in wanted.items()}
        renamed |= {old: f"{new}." for old, new in _FUSIONNET.items()}
    _check_parts(parts, list(renamed), model)
    return {
        f"{prefix}{key}": tensor_of(f"{old}.{key}", value)
        for old, prefix in renamed.items()
        for key, value in with_our_names(parts[old]).items()
    }


def _sees_one_channel(encoder: Mapping[str, Any]) -> bool:
    """Whether an encoder sees sparse depth itself, without the pooling in front."""
    first = encoder.get("conv1.conv.weight")
    return isinstance(first, torch.Tensor) and first.ndim == 4 and first.shape[1] == 1


def _renamed_parts(parts: Parts) -> Parts:
    """Under the newer names."""
    if "decoder_depth_state_dict" not in parts:
        return parts
    return {_OLD_NAMES.get(part, part): names for part, names in parts.items()}


def _check_parts(parts: Parts, wanted: list[str], model: str) -> None:
    missing = [part for part in wanted if not parts.get(part)]
    if not missing:
        return
    if parts.keys() >= _POSENET and not parts.keys() & {*_SCAFFNET, *_FUSIONNET}:
        raise CheckpointError(
            "this is a PoseNet's file, which only training needs (--model fusionnet_pose imports "
            "it); completion needs the file fusionnet-<step>.pth or scaffnet-<step>.pth beside it"
        )
    if model == "fusionnet" and set(missing) == set(_FUSIONNET):
        raise CheckpointError(
            "this file holds a ScaffNet without a FusionNet; import it with --model scaffnet, or "
            "give the file fusionnet-<step>.pth"
        )
    if model == "fusionnet" and set(missing) == set(_SCAFFNET):
        raise CheckpointError(
            "this file holds a FusionNet without the ScaffNet that it was trained around; give the "
            "file of that with --scaffnet"
        )
    present = quoted(list(parts)) if parts else "nothing"
    raise CheckpointError(
        f"this is not a {model} of the authors' PyTorch release: {quoted(missing)} not in it, "
        f"what is in it is {present}; give the .pth file of their release"
    )


def _as_found(config: Any, weights: Mapping[str, torch.Tensor]) -> Any:  # noqa: ANN401
    """The settings of a preset, with what the weights tell of the network's shape."""
    if not isinstance(config, fusionnet.FusionNetConfig):
        return _scaffnet_as_found(config, weights)
    image = encoder_settings(_within(weights, "encoder_image"))
    depth = encoder_settings(_within(weights, "encoder_depth"))
    if image["encoder"] != depth["encoder"]:
        raise CheckpointError(
            f"its branches have the encoders {image['encoder']} and {depth['encoder']}, and ours "
            "have one for both"
        )
    return dataclasses.replace(
        config,
        scaffnet=_scaffnet_as_found(config.scaffnet, _within(weights, "scaffnet")),
        encoder=image["encoder"],
        image_filters=image["filters"],
        depth_filters=depth["filters"],
        batch_norm=image["batch_norm"],
        **decoder_settings(_within(weights, "decoder")),
    )


def _scaffnet_as_found(
    config: scaffnet.ScaffNetConfig, weights: Mapping[str, torch.Tensor]
) -> scaffnet.ScaffNetConfig:
    encoder = encoder_settings(_within(weights, "encoder"))
    return dataclasses.replace(
        config,
        encoder=encoder["encoder"],
        encoder_filters=encoder["filters"],
        batch_norm=encoder["batch_norm"],
        pool_sizes=pool_sizes(_within(weights, "spatial_pyramid_pool"), config.pool_sizes),
        uncertainty=any(key.startswith("decoder_uncertainty.") for key in weights),
        **decoder_settings(_within(weights, "decoder")),
    )


def _within(weights: Mapping[str, torch.Tensor], part: str) -> dict[str, torch.Tensor]:
    """The weights of a part, under its own names."""
    prefix = f"{part}."
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
