# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The weights that come with the package, for models that are asked for by name."""

from __future__ import annotations

from pathlib import Path

from depth_completion_core.checkpoints.checkpoint import load_checkpoint
from depth_completion_core.checkpoints.errors import WeightsError
from depth_completion_core.models import build_model, model_class
from depth_completion_core.models.base import CompletionModel

WEIGHTS_FOLDER = Path(__file__).parent / "weights"


def model_with_default_weights(name: str) -> CompletionModel:
    """A model of the table as it works best out of the box, on the CPU.

    Raises:
        UnknownModelError: no model has this name; the message lists the known ones.
        WeightsError: it is a network, and no weights for it come along.
        CheckpointError: its weights cannot be read.
    """
    if not model_class(name).needs_weights:
        return build_model(name)
    return load_checkpoint(shipped_weights(name)).model


def shipped_weights(name: str) -> Path:
    """The checkpoint of a network of the table that comes along.

    Raises:
        WeightsError: none does.
    """
    shipped = WEIGHTS_FOLDER / f"{name}.safetensors"
    if not shipped.is_file():
        raise WeightsError(
            f"'{name}' is a network, and no weights for it come with this version; train it, or "
            "import the weights of its authors (python -m depth_completion_core.import_checkpoint "
            "--help), and give the path of that .safetensors file in place of the name"
        )
    return shipped
