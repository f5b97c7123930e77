# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of importers. A new one is one file here and its models' lines below."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

IMPORTERS = {
    "scaffnet": "scaffnet_fusionnet:import_released",
    "fusionnet": "scaffnet_fusionnet:import_released",
}

TORCH_FILE = "a file of torch.save (a pickle)"
_PICKLES = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReleasedWeights:
    """What an importer makes of a released file.

    Attributes:
        weights: tensors under our model's names.
        config: the model's settings, as nested mappings.
        licence: the licence of the weights, in a few words.
        licence_note: what it means for whoever uses them, in a sentence.
    """

    weights: dict[str, Tensor]
    config: dict[str, Any]
    licence: str
    licence_note: str


def import_released(state: Mapping[str, Any], model: str, preset: str) -> ReleasedWeights:
    """What a released file holds, for a model of ours.

    Args:
        state: the file's content: tensors by name, possibly in nested dicts.
        model: a name of the table.
        preset: a name of the model's ``PRESETS``: the data set that the weights were trained for.

    Raises:
        KeyError: no importer makes this model.
        CheckpointError: the file is of another network, or the model has no such preset.
    """
    module_name, function_name = IMPORTERS[model].split(":")
    module = importlib.import_module(f"{__name__}.{module_name}")
    released = getattr(module, function_name)(state, model, preset)
    assert isinstance(released, ReleasedWeights)  # noqa: S101 - a wrong line in the table above
    return released


def foreign_kind(path: Path) -> str:
    """What a file is that is surely no safetensors file, in words; '' where that is open.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(512)
    text = head.lstrip().lower()
    if not head:
        return "an empty file"
    if head.startswith(_PICKLES):
        return TORCH_FILE
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path)
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer instead of the file it points to (git lfs pull gets that)"
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a web page that was saved in the file's place (download it again, logged in)"
    return ""


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # a damaged one raises BadZipFile, UnicodeDecodeError, struct.error, ...
        return "a truncated or damaged zip file, as torch.save writes them (download it again)"
    if any(name.endswith("constants.pkl") for name in names):
        return "a TorchScript file (ask for the one with the state dict)"
    if any(name.endswith("/data.pkl") for name in names):
        return TORCH_FILE
    return f"a zip file with {', '.join(names[:3])} in it (unpack it)"
