# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Weights alone, to begin another run from: half-precision files small enough to carry around."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from depth_completion_core.checkpoints.checkpoint import (
    load_checkpoint,
    load_weights,
    save_checkpoint,
)
from depth_completion_core.checkpoints.checkpoint_file import weights_checksum
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.files.atomic import write_whole
from depth_completion_core.models import build_model
from depth_completion_core.settings.mapping import config_to_mapping

MAX_SHARD_BYTES = 15 * 1024 * 1024
_HEADER_BYTES = 256 * 1024  # names, shapes and metadata; far more than any network here has
_PATTERN = "weights-*-of-*.safetensors"

Weights = dict[str, Tensor]


def export_shards(
    folder: Path,
    model_name: str,
    weights: Mapping[str, Tensor],
    *,
    config: Mapping[str, Any],
    provenance: Mapping[str, str] | None = None,
    scores: Mapping[str, Any] | None = None,
    max_bytes: int = MAX_SHARD_BYTES,
) -> list[Path]:
    """Write weights as float16 files, each below a size; what was in the folder is replaced.

    Args:
        folder: of the files.
        model_name: the network's name in the table of models.
        weights: by name; whole numbers stay as they are.
        config: the network's settings, as nested mappings.
        provenance: where the weights come from, for :func:`join_shards`.
        scores: what they scored; anything that JSON carries.
        max_bytes: no file is larger.

    Returns:
        The files.

    Raises:
        CheckpointError: a weight is beyond half precision, or a single one larger than a file.
        OSError: a file cannot be written.
    """
    halves = {key: _half(key, value) for key, value in weights.items()}
    groups = _grouped(halves, max_bytes - _HEADER_BYTES)
    metadata = {
        "model": model_name,
        "config": json.dumps(dict(config)),
        "provenance": json.dumps(dict(provenance or {})),
        "scores": json.dumps(dict(scores or {})),
        "count": str(len(groups)),
        "set": weights_checksum(halves),
    }
    paths = []
    for number, keys in enumerate(groups, 1):
        path = folder / f"weights-{number:03d}-of-{len(groups):03d}.safetensors"
        content = save({key: halves[key] for key in keys}, {**metadata, "number": str(number)})
        write_whole(path, content)
        paths.append(path)
    for old in set(folder.glob(_PATTERN)) - set(paths):
        old.unlink()
    return paths


def join_shards(folder: Path, path: Path) -> None:
    """Make a checkpoint that every tool reads of a folder of shards, in full precision.

    Raises:
        CheckpointError: they are incomplete, damaged or missing.
        CheckpointError: the ending of ``path`` is not .safetensors, or it cannot be written.
    """
    first = next(iter(sorted(folder.glob(_PATTERN))), None)
    name = "" if first is None else _metadata(first).get("model", "")
    weights = _load_shards(folder, name, None)
    assert first is not None  # noqa: S101 - else there were no shards to load
    metadata = _metadata(first)
    model = build_model(name, json.loads(metadata["config"]))
    load_weights(model, weights, what=str(folder))
    save_checkpoint(
        path,
        name,
        model,
        provenance=json.loads(metadata.get("provenance", "{}")),
        scores=json.loads(metadata.get("scores", "{}")),
    )


def load_init_weights(path: Path, model_name: str, config: Any = None) -> Weights:  # noqa: ANN401
    """The weights of a checkpoint (.safetensors) or of a folder of shards.

    Args:
        path: of either.
        model_name: the network's name in the table of models.
        config: the network's settings, which the weights must have been trained with; None to take
            any. Half of a network's settings leave no trace in the shapes of its weights.

    Raises:
        CheckpointError: they are of another network, or incomplete, damaged or missing.
    """
    if path.is_dir():
        return _load_shards(path, model_name, config)
    checkpoint = load_checkpoint(path)
    _check_kind(path, checkpoint.name, model_name)
    _check_config(path, config_to_mapping(checkpoint.model.config), config)
    return checkpoint.model.state_dict()


def _load_shards(folder: Path, model_name: str, config: Any) -> Weights:  # noqa: ANN401
    paths = sorted(folder.glob(_PATTERN))
    if not paths:
        raise CheckpointError(
            f"{folder} holds no shards ({_PATTERN}); export them with --run.shards"
        )
    weights: Weights = {}
    sets, counts = set(), set()
    for path in paths:
        metadata = _metadata(path)
        with safe_open(path, framework="pt") as file:
            weights.update({key: file.get_tensor(key) for key in file.keys()})  # noqa: SIM118
        _check_kind(path, metadata.get("model", ""), model_name)
        _check_config(path, json.loads(metadata.get("config", "{}")), config)
        sets.add(metadata.get("set", ""))
        counts.add(metadata.get("count", ""))
    if sets != {weights_checksum(weights)}:
        raise CheckpointError(
            f"the {len(paths)} shards in {folder} are not one whole set (each says that it is one "
            f"of {', '.join(sorted(counts))}); copy all of one export, and nothing else"
        )
    return weights


def _metadata(path: Path) -> dict[str, str]:
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}); copy it again") from error


def _check_kind(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise CheckpointError(
            f"{path} holds weights of '{found}', but this recipe trains '{expected}'; give a "
            "checkpoint of that"
        )


def _check_config(path: Path, found: Mapping[str, Any], expected: Any) -> None:  # noqa: ANN401
    wanted = {} if expected is None else config_to_mapping(expected)
    differing = [
        f"{key} {found.get(key)} where {value} was expected"
        for key, value in wanted.items()
        if found.get(key) != value
    ]
    if differing:
        raise CheckpointError(
            f"the weights in {path} were trained with other settings: {'; '.join(differing)}; give "
            "the recipe's network those settings"
        )


def _half(key: str, value: Tensor) -> Tensor:
    value = value.detach().cpu().contiguous()
    if not value.is_floating_point():
        return value
    half = value.to(torch.float16)
    if not bool(torch.isfinite(half).all()):
        raise CheckpointError(
            f"the weight {key} goes up to {float(value.abs().max()):g}, beyond half precision "
            "(65504); such weights cannot be sharded"
        )
    return half


def _grouped(weights: Mapping[str, Tensor], max_bytes: int) -> list[list[str]]:
    """Names by file, in order, each file as full as it gets."""
    groups: list[list[str]] = []
    room = 0
    for key, value in weights.items():
        size = value.numel() * value.element_size()
        if size > max_bytes:
            raise CheckpointError(
                f"the weight {key} alone has {json.dumps(list(value.shape))} numbers, {size} "
                f"bytes; a shard holds {max_bytes}"
            )
        if not groups or size > room:
            groups.append([])
            room = max_bytes
        groups[-1].append(key)
        room -= size
    return groups
