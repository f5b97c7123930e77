# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model's weights, written and read, with its settings and where the weights come from."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from depth_completion_core.checkpoints.checkpoint_file import (
    CheckpointFile,
    read_checkpoint_file,
    write_checkpoint_file,
)
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.files.listing import listed
from depth_completion_core.models import MODELS, UnknownModelError, build_model
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.settings.mapping import config_to_mapping

Network = TypeVar("Network", bound=nn.Module)


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
    half: bool = False,
    parts: Mapping[str, Path] | None = None,
    beside: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Write a model's weights; a file that was there is replaced only by a whole one.

    Args:
        path: the file, ``.safetensors``.
        model_name: the model's name in the table of models.
        model: its weights, and the settings it was built with.
        provenance: where the weights come from: source, source_sha256, licence, note, ...
        scores: what it scored; anything that JSON carries.
        half: write numbers as float16.
        parts: by the name of a network inside the model, a checkpoint in the same folder that
            holds its weights: those are not written again, but named with their checksum.
        beside: see :func:`metadata_of`.

    Raises:
        UnknownModelError: no model has this name.
        CheckpointError: a weight is not finite, a part holds other weights or lies elsewhere, the
            ending is another, or writing failed.
    """
    if model_name not in MODELS:
        raise UnknownModelError(f"unknown model '{model_name}'; known are {', '.join(MODELS)}")
    weights = stored_weights(model, half=half, what=f"the model '{model_name}'")
    named = {name: _taken_out(weights, name, part, path) for name, part in (parts or {}).items()}
    metadata = metadata_of(model_name, model, provenance=provenance, scores=scores, beside=beside)
    write_checkpoint_file(path, weights, {**metadata, "parts": json.dumps(named)})


def metadata_of(
    model_name: str,
    model: CompletionModel,
    *,
    provenance: Mapping[str, str],
    scores: Mapping[str, Any] | None = None,
    beside: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, str]:
    """What a file tells about the weights in it, as texts: arguments of :func:`save_checkpoint`.

    ``beside`` says which networks were learned together with it, by name: ``network``, the kind,
    and ``file``, where it was written, relative to this one. Completion needs none of them.
    """
    others = {"beside": json.dumps({k: dict(v) for k, v in beside.items()})} if beside else {}
    return {
        **others,
        "model": model_name,
        "config": json.dumps(config_to_mapping(model.config)),
        "provenance": json.dumps(dict(provenance)),
        "scores": json.dumps(dict(scores or {})),
    }


def load_checkpoint(path: Path, *, device: str | torch.device = "cpu") -> Checkpoint:
    """Read a model with its weights. Half precision becomes the model's own, float32.

    Raises:
        CheckpointError: the file is missing, damaged, of another kind, or of a newer version, or
            its weights do not fit its model; or so is a file that it names.
    """
    return checkpoint_of(read_checkpoint_file(path), device=device)


def checkpoint_of(file: CheckpointFile, *, device: str | torch.device = "cpu") -> Checkpoint:
    """The model that a file holds; raises CheckpointError, as :func:`load_checkpoint` does."""
    if file.pose_network_name:
        raise CheckpointError(
            f"{file.path} holds a pose network ('{file.pose_network_name}'), which tells motion, "
            "not depth; training begins from it with --pose.init_weights"
        )
    name, config = file.model_name, file.mapping("config")
    weights = dict(file.weights)
    for part, reference in file.mapping("parts", "{}").items():
        weights.update(_put_back(file, part, reference))
    what = f"{file.path} as '{name}'"
    model = network_with(weights, lambda: _built(file.path, name, config), what=what)
    return Checkpoint(
        model=model.to(device).eval(),
        name=name,
        provenance=file.mapping("provenance"),
        scores=file.mapping("scores"),
    )


def stored_weights(network: nn.Module, *, half: bool, what: str) -> dict[str, Tensor]:
    """A network's weights as files hold them: copies on the CPU, without gaps.

    Args:
        network: on any device.
        half: numbers as float16.
        what: names the network in messages.

    Raises:
        CheckpointError: a weight is not finite.
    """
    # Copies: safetensors refuses tensors that share memory or have gaps.
    weights = {
        key: _stored(value, half=half).clone(memory_format=torch.contiguous_format)
        for key, value in network.state_dict().items()
    }
    _check_finite(weights, what)
    return weights


def network_with(
    weights: Mapping[str, Tensor], build: Callable[[], Network], *, what: str
) -> Network:
    """A network with its weights, which takes no more memory than they do.

    Args:
        weights: by name.
        build: what makes the network, as its settings say, with any weights. Those settings come
            from a file, and may ask for a network that has nothing to do with the weights.
        what: names the weights in messages.

    Raises:
        CheckpointError: as :func:`load_weights`.
    """
    with torch.device("meta"):  # first without memory
        check_shapes(build().state_dict(), weights, what=what)
    network = build()
    load_weights(network, weights, what=what)
    return network


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
    check_shapes(own, weights, what=what)
    converted = {key: weights[key].to(own[key].dtype) for key in own}
    _check_finite(converted, what)
    model.load_state_dict(converted)


def check_shapes(own: Mapping[str, Tensor], weights: Mapping[str, Tensor], *, what: str) -> None:
    """Refuse weights that are not those of a model.

    Args:
        own: the model's, on any device, such as one that holds no numbers.
        weights: by name.
        what: names the weights in messages.

    Raises:
        CheckpointError: names or shapes differ.
    """
    missing = [key for key in own if key not in weights]
    unexpected = [key for key in weights if key not in own]
    if missing or unexpected:
        raise CheckpointError(
            f"{what}: the weights are for another network or another configuration; missing are "
            f"{listed(missing)}, not expected are {listed(unexpected)}"
        )
    wrong = [
        f"{key} {tuple(weights[key].shape)} where {tuple(own[key].shape)} was expected"
        for key in own
        if weights[key].shape != own[key].shape
    ]
    if wrong:
        raise CheckpointError(f"{what}: the weights have other shapes: {listed(wrong)}")


def _built(path: Path, name: str, config: Mapping[str, Any]) -> CompletionModel:
    try:
        return build_model(name, config)
    except (TypeError, ValueError, RuntimeError) as error:  # an unknown name, setting, value, size
        raise CheckpointError(f"{path}: {error}; a newer version may know it") from error


def _taken_out(weights: dict[str, Tensor], name: str, part: Path, path: Path) -> dict[str, str]:
    """Take a part's weights out; what names the file that holds them."""
    if part.resolve().parent != path.resolve().parent:
        raise CheckpointError(f"{part} lies in another folder than {path}, which is to name it")
    file = read_checkpoint_file(part)
    prefix = f"{name}."
    inside = {key.removeprefix(prefix): key for key in weights if key.startswith(prefix)}
    same = inside.keys() == file.weights.keys() and all(
        torch.equal(file.weights[key].float(), weights[whole].float())
        for key, whole in inside.items()
    )
    if not inside or not same:
        raise CheckpointError(
            f"the weights in {part} are not those of '{name}' in the model; train it with that file"
        )
    for whole in inside.values():
        del weights[whole]
    return {"file": part.name, "checksum": file.checksum}


def _put_back(file: CheckpointFile, name: str, reference: object) -> dict[str, Tensor]:
    """The weights of a part, under the model's names."""
    known = isinstance(reference, dict) and {"file", "checksum"} <= reference.keys()
    part = Path(str(reference["file"])) if known else Path()  # type: ignore[index]
    if not known or part.name != str(part) or part.name in ("", ".."):
        raise CheckpointError(f"{file.path}: its 'parts' cannot be read; get it again")
    try:
        found = read_checkpoint_file(file.path.parent / part)
    except CheckpointError as error:
        raise CheckpointError(f"{file.path} needs the weights of its '{name}': {error}") from error
    if found.checksum != reference["checksum"]:  # type: ignore[index]
        raise CheckpointError(
            f"{file.path} was trained with another {part} than the one beside it (checksum "
            "differs); get both again, from one release"
        )
    return {f"{name}.{key}": value for key, value in found.weights.items()}


def _stored(value: Tensor, *, half: bool) -> Tensor:
    value = value.detach().cpu()
    return value.to(torch.float16) if half and value.is_floating_point() else value


def _check_finite(weights: Mapping[str, Tensor], what: str) -> None:
    bad = [key for key, value in weights.items() if not _is_finite(value)]
    if bad:
        raise CheckpointError(f"{what}: weights are NaN or infinite: {listed(bad)}; train it again")


def _is_finite(value: Tensor) -> bool:
    """By the sum, which is cheap and never finite with a NaN or an infinity in it."""
    return math.isfinite(value.sum().item()) or bool(torch.isfinite(value).all())
