# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A checkpoint in half precision and in pieces, small enough to carry around one by one.

The files follow Hugging Face's convention for weights in pieces
(https://huggingface.co/docs/transformers/big_models): ``model-00001-of-00002.safetensors`` and
so on, and ``model.safetensors.index.json`` with ``weight_map``, the piece that holds each weight.
Beside ``total_size``, the index's ``metadata`` holds the texts that a checkpoint's metadata hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from depth_completion_core.checkpoints.checkpoint_file import (
    CheckpointFile,
    check_version,
    read_safetensors,
    safetensors_bytes,
    stamped,
    weights_checksum,
)
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.files.atomic import write_whole
from depth_completion_core.files.json_files import write_json

INDEX_NAME = "model.safetensors.index.json"
MAX_SHARD_BYTES = 15 * 1024 * 1024
_HEADER_BYTES = 256 * 1024  # names and shapes; far more than any network here has
_MAX_INDEX_BYTES = 16 * 1024 * 1024
_PATTERN = "model-*-of-*.safetensors"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.safetensors")  # a file of this folder, no path


def export_shards(
    folder: Path,
    weights: Mapping[str, Tensor],
    metadata: Mapping[str, str],
    *,
    max_bytes: int = MAX_SHARD_BYTES,
) -> list[Path]:
    """Write weights as float16 pieces, each below a size; what was in the folder is replaced.

    Args:
        folder: of the pieces and their index.
        weights: by name; whole numbers stay as they are.
        metadata: texts, as :func:`~depth_completion_core.checkpoints.checkpoint.metadata_of` makes
            them.
        max_bytes: no piece is larger.

    Returns:
        The pieces.

    Raises:
        CheckpointError: a weight is beyond half precision, or a single one larger than a piece.
        WriteError: a file cannot be written.
    """
    halves = {key: _half(key, value) for key, value in weights.items()}
    groups = _grouped(halves, max_bytes - _HEADER_BYTES)
    paths = [
        folder / f"model-{number:05d}-of-{len(groups):05d}.safetensors"
        for number in range(1, len(groups) + 1)
    ]
    for path, keys in zip(paths, groups, strict=True):
        piece = {key: halves[key] for key in keys}
        write_whole(path, safetensors_bytes(piece, {"format": "pt"}))
    total = sum(value.numel() * value.element_size() for value in halves.values())
    index = {
        "metadata": {"total_size": total, **stamped(metadata, halves)},
        "weight_map": {
            key: path.name for path, keys in zip(paths, groups, strict=True) for key in keys
        },
    }
    write_json(folder / INDEX_NAME, index)
    for old in set(folder.glob(_PATTERN)) - set(paths):
        old.unlink()
    return paths


def read_shards(folder: Path) -> CheckpointFile:
    """Read all pieces of a folder and check that they are those of one export.

    Raises:
        CheckpointError: they are not, or one is missing or damaged.
    """
    path = folder / INDEX_NAME
    metadata, weight_map = _read_index(path)
    check_version(path, metadata)
    weights: dict[str, Tensor] = {}
    names = list(dict.fromkeys(weight_map.values()))
    for name in names:
        if not (folder / name).is_file():
            raise CheckpointError(f"{path} names {name}, which is not there; copy it, too")
        piece, _ = read_safetensors(folder / name)
        if piece.keys() != {key for key, holder in weight_map.items() if holder == name}:
            raise CheckpointError(
                f"{folder / name} holds other weights than {path.name} says; copy all files of one "
                "export, and nothing else"
            )
        weights |= piece
    weights = {key: weights[key] for key in weight_map}
    if metadata.get("checksum") != weights_checksum(weights):
        raise CheckpointError(
            f"the {len(names)} pieces in {folder} are not of one export (checksum differs); copy "
            "all files of one, and nothing else"
        )
    return CheckpointFile(path=path, metadata=metadata, weights=weights)


def _read_index(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The texts of its metadata, and the name of the file of each weight."""
    if not path.is_file():
        raise CheckpointError(
            f"{path.parent} holds no {path.name}, and so no weights in pieces; training writes "
            "them with --run.shards true"
        )
    try:
        if path.stat().st_size > _MAX_INDEX_BYTES:
            raise ValueError(f"more than {_MAX_INDEX_BYTES} bytes")
        index: Any = json.loads(path.read_text(encoding="utf-8"))
        metadata, weight_map = index.get("metadata", {}).items(), index["weight_map"].items()
    except (OSError, ValueError, LookupError, AttributeError, RecursionError) as error:
        raise CheckpointError(
            f"{path} cannot be read as an index of weights ({type(error).__name__}: {error}); copy "
            "it again"
        ) from error
    for key, name in weight_map:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise CheckpointError(
                f"{path} says that the weight {key} lies in {name!r:.80}; expected was the name of "
                "a .safetensors file in the same folder"
            )
    return {key: text for key, text in metadata if isinstance(text, str)}, dict(weight_map)


def _half(key: str, value: Tensor) -> Tensor:
    value = value.detach().cpu().contiguous()
    if not value.is_floating_point():
        return value
    half = value.to(torch.float16)
    if not bool(torch.isfinite(half).all()):
        raise CheckpointError(
            f"the weight {key} goes up to {float(value.abs().max()):g}, beyond half precision "
            "(65504); such weights cannot be written in half precision"
        )
    return half


def _grouped(weights: Mapping[str, Tensor], max_bytes: int) -> list[list[str]]:
    """Names by piece, in order, each piece as full as it gets."""
    groups: list[list[str]] = []
    room = 0
    for key, value in weights.items():
        size = value.numel() * value.element_size()
        if size > max_bytes:
            raise CheckpointError(
                f"the weight {key} alone has {list(value.shape)} numbers, {size} bytes; a piece "
                f"holds {max_bytes}"
            )
        if not groups or size > room:
            groups.append([])
            room = max_bytes
        groups[-1].append(key)
        room -= size
    return groups
