# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of models. A new model is one file here and one line below."""

from __future__ import annotations

import difflib
import importlib

from depth_completion_core.models.base import CompletionModel

MODELS = {
    "nearest": "nearest:Nearest",
    "linear": "linear:Linear",
    "morphological": "morphological:Morphological",
    "morphological_kitti": "morphological:MorphologicalKitti",
}


class UnknownModelError(ValueError):
    """A name that is not in the table; the message lists the known ones."""


def build_model(name: str) -> CompletionModel:
    """Build a model of the table with its default configuration.

    Raises:
        UnknownModelError: no model has this name.
    """
    if name not in MODELS:
        near = difflib.get_close_matches(name, MODELS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise UnknownModelError(f"unknown model '{name}'; known are {', '.join(MODELS)}.{hint}")
    module_name, class_name = MODELS[name].split(":")
    module = importlib.import_module(f"{__name__}.{module_name}")
    model = getattr(module, class_name)()
    assert isinstance(model, CompletionModel)  # noqa: S101 - a wrong line in the table above
    return model
