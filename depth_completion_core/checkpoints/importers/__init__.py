# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of importers. A new one is one file here and its models' lines below."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

IMPORTERS = {
    "scaffnet": "scaffnet_fusionnet:import_released",
    "fusionnet": "scaffnet_fusionnet:import_released",
}


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
