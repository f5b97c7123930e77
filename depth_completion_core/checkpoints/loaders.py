# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of files that hold a model. A new kind is one file here and one line below."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from depth_completion_core.checkpoints.checkpoint import load_checkpoint
from depth_completion_core.checkpoints.default_weights import model_with_default_weights
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.file_kinds import check_is_file
from depth_completion_core.checkpoints.onnx_engine import load_engine
from depth_completion_core.models import MODELS
from depth_completion_core.models.base import CompletionModel


def _checkpoint_model(path: Path, device: torch.device) -> CompletionModel:
    return load_checkpoint(path, device=device).model


LOADERS: dict[str, Callable[[Path, torch.device], CompletionModel]] = {
    ".safetensors": _checkpoint_model,
    ".onnx": load_engine,
}


def model_of(name_or_path: str, device: torch.device) -> CompletionModel:
    """The model that a name of the table or a path stands for; a name takes precedence.

    Raises:
        UnknownModelError: it is neither; the message lists the known names.
        WeightsError: the network of this name has no weights that came with it.
        CheckpointError: the file cannot be read, or is of a kind that holds no model.
    """
    path = Path(name_or_path)
    if name_or_path not in MODELS and (path.suffix in LOADERS or _exists(path)):
        return load_model_file(path, device)
    return model_with_default_weights(name_or_path)


def load_model_file(path: Path, device: torch.device) -> CompletionModel:
    """The model that a file holds, read by the loader for the ending of its name.

    Raises:
        CheckpointError: it cannot be read, or no loader knows the ending.
    """
    check_is_file(path, "the file of a model")
    if path.suffix not in LOADERS:
        raise CheckpointError(
            f"{path} does not end with {' or '.join(LOADERS)}, as files of models do; released "
            f"weights are converted by python -m depth_completion_core.import_checkpoint {path} "
            "--help"
        )
    return LOADERS[path.suffix](path, device)


def _exists(path: Path) -> bool:
    """Also for texts that cannot be paths; '' is not the current folder."""
    try:
        return path != Path() and path.exists()
    except (OSError, ValueError):
        return False
