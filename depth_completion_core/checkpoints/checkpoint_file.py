# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The file that weights live in: safetensors, with metadata that are texts. Nothing unpickles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.file_kinds import check_file
from depth_completion_core.files.atomic import WriteError, write_whole

FORMAT_VERSION = 1
VERSION_KEY = "depth_completion_format"
_MOST_JSON_CHARACTERS = 1 << 20  # settings, provenance and scores take some thousands


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CheckpointFile:
    """What is in a file.

    Attributes:
        path: of the file.
        metadata: texts by name; what has structure is JSON.
        weights: by name.
    """

    path: Path
    metadata: dict[str, str]
    weights: dict[str, Tensor]

    @property
    def model_name(self) -> str:
        """The name of its model in the table of models; empty where there is none."""
        return self.metadata.get("model", "")

    @property
    def pose_network_name(self) -> str:
        """The name of its network in the table of pose networks; empty where it is none."""
        return self.metadata.get("pose_network", "")

    @property
    def checksum(self) -> str:
        """Of its weights, as it stands in the file."""
        return self.metadata["checksum"]

    def mapping(self, key: str, default: str = "") -> dict[str, Any]:
        """The JSON under a name of the metadata; raises CheckpointError."""
        text = self.metadata.get(key, default)
        if len(text) > _MOST_JSON_CHARACTERS:
            raise CheckpointError(
                f"{self.path}: its '{key}' has {len(text)} characters, expected at most "
                f"{_MOST_JSON_CHARACTERS}"
            )
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise CheckpointError(
                f"{self.path}: its '{key}' cannot be read; it is damaged, get it again"
            )
        return value


def write_checkpoint_file(
    path: Path, weights: Mapping[str, Tensor], metadata: Mapping[str, str]
) -> None:
    """Write a file; one that was there is replaced only by a whole one.

    Args:
        path: the file, ``.safetensors``.
        weights: contiguous tensors on the CPU that share no memory.
        metadata: texts; format and checksum are added.

    Raises:
        CheckpointError: the ending is another, or writing failed.
    """
    if path.suffix != ".safetensors":
        raise CheckpointError(f"{path}: the name of a checkpoint ends with .safetensors")
    if not path.absolute().parent.is_dir():
        raise CheckpointError(f"{path} cannot be written: there is no folder {path.parent}")
    try:
        write_whole(path, safetensors_bytes(weights, stamped(metadata, weights)))
    except WriteError as error:
        raise CheckpointError(str(error)) from error


def read_checkpoint_file(path: Path) -> CheckpointFile:
    """Read a file and check that it is one, whole, of this project, and not too new.

    Raises:
        CheckpointError: it is not.
    """
    weights, metadata = read_safetensors(path)
    check_version(path, metadata)
    if metadata.get("checksum") != weights_checksum(weights):
        raise CheckpointError(
            f"{path}: the weights are not those that were saved (checksum differs); get it again"
        )
    return CheckpointFile(path=path, metadata=metadata, weights=weights)


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of any safetensors file.

    Raises:
        CheckpointError: it is missing, damaged or of another kind.
    """
    check_file(path, "a checkpoint (.safetensors)")
    try:
        _check_head(path)
        with safe_open(path, framework="pt") as file:
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return weights, file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}); it is truncated or damaged, get it again"
        ) from error


def safetensors_bytes(weights: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """The content of a safetensors file of contiguous CPU tensors that share no memory."""
    return save(dict(weights), dict(metadata))


def stamped(metadata: Mapping[str, str], weights: Mapping[str, Tensor]) -> dict[str, str]:
    """The metadata with the version of the format and the weights' checksum."""
    own = {VERSION_KEY: str(FORMAT_VERSION), "checksum": weights_checksum(weights)}
    return {**metadata, **own}


def check_version(path: Path, metadata: Mapping[str, str]) -> None:
    """Raise CheckpointError where the metadata is not of this project, or of a newer version."""
    version = metadata.get(VERSION_KEY)
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


def weights_checksum(weights: Mapping[str, Tensor]) -> str:
    """sha256 over names, dtypes, shapes and bytes, in the order of the names."""
    digest = hashlib.sha256()
    for key in sorted(weights):
        value = weights[key].detach().cpu().contiguous()
        digest.update(f"{key}\0{value.dtype}\0{tuple(value.shape)}\0".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _check_head(path: Path) -> None:
    """After eight bytes of length, the header is JSON."""
    with path.open("rb") as file:
        head = file.read(9)
    if head[8:] != b"{":
        raise CheckpointError(f"{path} is not a safetensors file, which checkpoints are")
