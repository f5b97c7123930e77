# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one format of our weights: safetensors, with metadata that says what they are.

Metadata are texts, as safetensors wants them; what has structure is JSON. Nothing here unpickles.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from depth_completion_core.config import config_to_mapping
from depth_completion_core.importers import TORCH_FILE, foreign_kind
from depth_completion_core.models import MODELS, UnknownModelError, build_model
from depth_completion_core.models.base import CompletionModel

FORMAT_VERSION = 1
_VERSION_KEY = "depth_completion_format"
_LISTED = 5


class CheckpointError(ValueError):
    """Weights that cannot be read or written; the message says what to do."""


class WeightsError(ValueError):
    """A network that is of no use without weights, and none came with it."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Checkpoint:
    """A model with its weights, and where those come from.

    Attributes:
        model: on the device asked for, in evaluation mode.
        name: its name in the table of models.
        provenance: source, source_sha256, licence, note, and more in the same manner.
        scores: what it scored, by protocol and metric; may be empty.
    """

    model: CompletionModel
    name: str
    provenance: dict[str, str]
    scores: dict[str, Any]


def save_checkpoint(
    path: Path,
    model_name: str,
    model: CompletionModel,
    *,
    provenance: Mapping[str, str],
    scores: Mapping[str, Any] | None = None,
) -> None:
    """Write a model's weights; a file that was there is replaced only by a whole one.

    Args:
        path: the file, ``.safetensors``.
        model_name: the model's name in the table of models.
        model: its weights, and the settings it was built with.
        provenance: where the weights come from: source, source_sha256, licence, note, ...
        scores: what it scored; anything that JSON carries.

    Raises:
        UnknownModelError: no model has this name.
        CheckpointError: a weight is not finite, the ending is another, or writing failed.
    """
    if model_name not in MODELS:
        raise UnknownModelError(f"unknown model '{model_name}'; known are {', '.join(MODELS)}")
    if path.suffix != ".safetensors":
        raise CheckpointError(f"{path}: the name of a checkpoint ends with .safetensors")
    # Copies: safetensors refuses tensors that share memory or have gaps.
    weights = {
        key: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for key, value in model.state_dict().items()
    }
    _check_finite(weights, f"the model '{model_name}'")
    metadata = {
        _VERSION_KEY: str(FORMAT_VERSION),
        "model": model_name,
        "config": json.dumps(config_to_mapping(model.config)),
        "provenance": json.dumps(dict(provenance)),
        "scores": json.dumps(dict(scores or {})),
        "checksum": weights_checksum(weights),
    }
    _write_whole(path, save(weights, metadata))


def load_checkpoint(path: Path, *, device: str | torch.device = "cpu") -> Checkpoint:
    """Read a model with its weights. Half precision becomes the model's own, float32.

    Raises:
        CheckpointError: the file is missing, damaged, of another kind, or of a newer version, or
            its weights do not fit its model.
    """
    _check_kind(path)
    metadata, weights = _read(path)
    version = metadata.get(_VERSION_KEY)
    if version is None:
        raise CheckpointError(
            f"{path} holds weights, but not for which model: it was not written by this project; "
            "released weights come in with python -m depth_completion_core.import_checkpoint"
        )
    if not version.isdecimal() or int(version) > FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format {version}; this depth_completion_ros reads up to "
            f"{FORMAT_VERSION}: update it"
        )
    if metadata.get("checksum") != weights_checksum(weights):
        raise CheckpointError(
            f"{path}: the weights are not those that were saved (checksum differs); get it again"
        )
    name, config = metadata.get("model", ""), _mapping(path, metadata, "config")
    try:
        model = build_model(name, config)
    except (TypeError, ValueError, RuntimeError) as error:  # an unknown name, setting, value, size
        raise CheckpointError(f"{path}: {error}; a newer version may know it") from error
    load_weights(model, weights, what=f"{path} as '{name}'")
    return Checkpoint(
        model=model.to(device).eval(),
        name=name,
        provenance=_mapping(path, metadata, "provenance"),
        scores=_mapping(path, metadata, "scores"),
    )


def load_weights(model: nn.Module, weights: Mapping[str, Tensor], *, what: str) -> None:
    """Give a model its weights, each of them, and none left over.

    Args:
        model: changed in place; its dtypes stay.
        weights: by name, in the model's shapes.
        what: names the weights in messages.

    Raises:
        CheckpointError: names or shapes are not those of the model, or a weight is not finite.
    """
    own = model.state_dict()
    missing = [key for key in own if key not in weights]
    unexpected = [key for key in weights if key not in own]
    if missing or unexpected:
        raise CheckpointError(
            f"{what}: the weights are for another network or another configuration; missing are "
            f"{_some(missing)}, not expected are {_some(unexpected)}"
        )
    wrong = [
        f"{key} {tuple(weights[key].shape)} where {tuple(own[key].shape)} was expected"
        for key in own
        if weights[key].shape != own[key].shape
    ]
    if wrong:
        raise CheckpointError(f"{what}: the weights have other shapes: {_some(wrong)}")
    converted = {key: weights[key].to(own[key].dtype) for key in own}
    _check_finite(converted, what)
    model.load_state_dict(converted)


def weights_checksum(weights: Mapping[str, Tensor]) -> str:
    """sha256 over names, dtypes, shapes and bytes, in the order of the names."""
    digest = hashlib.sha256()
    for key in sorted(weights):
        value = weights[key].detach().cpu().contiguous()
        digest.update(f"{key}\0{value.dtype}\0{tuple(value.shape)}\0".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _check_kind(path: Path) -> None:
    """Refuse what a look at the file tells."""
    if not path.is_file():
        what = "is a folder, not a file" if path.is_dir() else "does not exist"
        raise CheckpointError(f"the checkpoint {path} {what}")
    try:
        kind = foreign_kind(path)
        with path.open("rb") as file:
            head = file.read(9)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
    if kind == TORCH_FILE:
        raise CheckpointError(
            f"{path} is {kind}, which can run code when read in the usual way; convert it: "
            f"python -m depth_completion_core.import_checkpoint {path} --help"
        )
    if kind:
        raise CheckpointError(f"{path} is {kind}, not a checkpoint (.safetensors)")
    if head[8:] != b"{":
        raise CheckpointError(f"{path} is not a safetensors file, which checkpoints are")


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}, {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}); it is truncated or damaged, get it again"
        ) from error


def _mapping(path: Path, metadata: Mapping[str, str], key: str) -> dict[str, Any]:
    try:
        value = json.loads(metadata.get(key, ""))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise CheckpointError(f"{path}: its '{key}' cannot be read; it is damaged, get it again")
    return value


def _check_finite(weights: Mapping[str, Tensor], what: str) -> None:
    bad = [key for key, value in weights.items() if not _is_finite(value)]
    if bad:
        raise CheckpointError(f"{what}: weights are NaN or infinite: {_some(bad)}; train it again")


def _is_finite(value: Tensor) -> bool:
    """By the sum, which is cheap and never finite with a NaN or an infinity in it."""
    return math.isfinite(value.sum().item()) or bool(torch.isfinite(value).all())


def _some(items: list[str]) -> str:
    more = f" and {len(items) - _LISTED} more" if len(items) > _LISTED else ""
    return (", ".join(items[:_LISTED]) or "none") + more


def _write_whole(path: Path, content: bytes) -> None:
    """Into a file beside it first, so that the last step is one rename."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written: {error.strerror}; no change") from error
    finally:  # also after Ctrl-C
        temporary.unlink(missing_ok=True)
