# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of recipes. A new one is one file here and one line below."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import Any

from depth_completion_core.settings.mapping import config_from_mapping, config_to_mapping
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.recipes.recipe import Recipe, default_of

RECIPES = {
    "scaffnet_synthetic": "scaffnet_synthetic:ScaffNetSynthetic",
    "fusionnet_synthetic": "fusionnet_synthetic:FusionNetSynthetic",
    "scaffnet_scenenet": "scaffnet_scenenet:ScaffNetSceneNet",
    "scaffnet_vkitti": "scaffnet_vkitti:ScaffNetVkitti",
    "overfit_scaffnet": "overfit_scaffnet:OverfitScaffNet",
    "overfit_fusionnet": "overfit_fusionnet:OverfitFusionNet",
}


def recipe_class(name: str) -> type[Recipe]:
    """The settings of a recipe; raises TrainingError, which lists the known ones."""
    if name not in RECIPES:
        near = difflib.get_close_matches(name, RECIPES, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise TrainingError(f"unknown recipe '{name}'; known are {', '.join(RECIPES)}.{hint}")
    found: type[Recipe] = getattr(_module(name), RECIPES[name].split(":")[1])
    assert issubclass(found, Recipe)  # noqa: S101 - a wrong line in the table above
    return found


def presets_of(name: str) -> dict[str, Recipe]:
    """The recipe's settings by the name of a preset; '' is the default; raises TrainingError."""
    default = default_of(recipe_class(name))
    own: dict[str, Recipe] = getattr(_module(name), "PRESETS", {})
    return {"": default, **own}


def build_recipe(name: str, changes: Mapping[str, Any] | None = None) -> Recipe:
    """A recipe with some settings changed.

    Args:
        name: a name of the table.
        changes: nested mappings of settings; ``preset`` among them says what they change.

    Raises:
        TrainingError: no recipe, or no preset of it, has this name.
        ConfigError: the recipe has no such setting, or a value does not fit.
    """
    changes = changes or {}
    found, presets = recipe_class(name), presets_of(name)
    preset = changes.get("preset", "")
    if preset not in presets:
        known = ", ".join(repr(key) for key in presets if key) or "none"
        raise TrainingError(f"'{name}' has no preset '{preset}'; it has {known}")
    return config_from_mapping(found, _merged(config_to_mapping(presets[preset]), changes))


def _module(name: str) -> Any:  # noqa: ANN401 - its classes and tables
    return importlib.import_module(f"{__name__}.{RECIPES[name].split(':')[0]}")


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes over a base, group by group; unknown keys stay, to be refused by name."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = _merged(old, value)
        else:
            merged[key] = value
    return merged
