# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Importers of the weights that networks' authors released: a file each, named after its model.

Such a file has ``import_released(state, model, preset) -> ReleasedWeights``; see
:func:`import_released`, which finds it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from depth_completion_core.models import MODELS
from depth_completion_core.models.pose import POSE_NETWORKS

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReleasedWeights:
    """What an importer makes of a released file.

    Attributes:
        weights: tensors under our model's names.
        config: the model's settings, as nested mappings.
        preset: which of the model's presets they follow; empty for none.
        trained_for: what the settings are right for, in a few words, as "0.1 to 8 m".
        licence: the licence of the weights, in a few words.
        licence_note: what it means for whoever uses them, in a sentence.
    """

    weights: dict[str, Tensor]
    config: dict[str, Any]
    preset: str = ""
    trained_for: str
    licence: str
    licence_note: str


def importable_models() -> list[str]:
    """The names of the models, and of the pose networks, that have an importer."""
    known = MODELS.keys() | POSE_NETWORKS.keys()
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name in known)


def import_released(state: Mapping[str, Any], model: str, preset: str) -> ReleasedWeights:
    """What a released file holds, for a model of ours.

    Args:
        state: the file's content: tensors by name, possibly in nested dicts.
        model: one of :func:`importable_models`.
        preset: a name of the model's ``PRESETS``: the data set that the weights were trained for;
            empty for what the file says, or the first one.

    Raises:
        CheckpointError: the file is of another network, or the model has no such preset.
    """
    module = importlib.import_module(f"{__name__}.{model}")
    released = module.import_released(state, model, preset)
    assert isinstance(released, ReleasedWeights)  # noqa: S101 - it is not what it says it is
    return released
