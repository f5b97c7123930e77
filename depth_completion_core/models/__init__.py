# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of models. A new model is one file here and one line below.

It can be read without torch, which is imported with the model that is built.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from depth_completion_core.settings.mapping import config_from_mapping

if TYPE_CHECKING:
    from depth_completion_core.models.base import CompletionModel

MODELS = {
    "nearest": "nearest:Nearest",
    "linear": "linear:Linear",
    "smooth": "smooth:Smooth",
    "geodesic": "geodesic:Geodesic",
    "plane_preserving": "plane_preserving:PlanePreserving",
    "consensus": "consensus:Consensus",
    "morphological": "morphological:Morphological",
    "morphological_kitti": "morphological:MorphologicalKitti",
    "scaffnet": "scaffnet:ScaffNet",
    "fusionnet": "fusionnet:FusionNet",
    "nlspn": "nlspn:NLSPN",
    "cspn": "cspn:CSPN",
    "cspn_legacy": "cspn_legacy:CSPNLegacy",
}

DEFAULT_MODEL = "consensus"
"""What the node and the bag tools complete with unless they are told otherwise."""


class UnknownModelError(ValueError):
    """A name that is not in the table; the message lists the known ones."""


def build_model(name: str, config: Mapping[str, Any] | None = None) -> CompletionModel:
    """Build a model of the table; a network's weights are random.

    Args:
        name: a name of the table.
        config: differences from the model's default configuration, as nested mappings.

    Raises:
        UnknownModelError: no model has this name.
        ConfigError: the model has no such setting.
    """
    chosen = model_class(name)
    if config is None:
        return chosen()
    return chosen(config_from_mapping(chosen.Config, config, f"{name}."))


def model_class(name: str) -> type[CompletionModel]:
    """The class of a name of the table, which says without building one what its models need.

    Raises:
        UnknownModelError: no model has this name; the message lists the known ones.
    """
    if name not in MODELS:
        near = difflib.get_close_matches(name, MODELS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise UnknownModelError(f"unknown model '{name}'; known are {', '.join(MODELS)}.{hint}")
    module_name, class_name = MODELS[name].split(":")
    # A test may add a model from elsewhere: a dotted name is that of a module anywhere.
    path = module_name if "." in module_name else f"{__name__}.{module_name}"
    found: type[CompletionModel] = getattr(importlib.import_module(path), class_name)
    return found
