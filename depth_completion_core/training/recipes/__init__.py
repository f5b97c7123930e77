# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of recipes. A new one is one file here and one line below."""

from __future__ import annotations

import difflib
import importlib
import inspect
from typing import Any

from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.recipes.recipe import Recipe, default_of

RECIPES = {
    "scaffnet_synthetic": "scaffnet_synthetic:ScaffNetSynthetic",
    "fusionnet_synthetic": "fusionnet_synthetic:FusionNetSynthetic",
    "nlspn_synthetic": "nlspn_synthetic:NLSPNSynthetic",
    "cspn_synthetic": "cspn_synthetic:CSPNSynthetic",
    "nlspn_nyu": "nlspn_nyu:NLSPNNyu",
    "nlspn_kitti": "nlspn_kitti:NLSPNKitti",
    "cspn_nyu": "cspn_nyu:CSPNNyu",
    "cspn_kitti": "cspn_kitti:CSPNKitti",
    "scaffnet_scenenet": "scaffnet_scenenet:ScaffNetSceneNet",
    "scaffnet_vkitti": "scaffnet_vkitti:ScaffNetVkitti",
    "scaffnet_void": "scaffnet_void:ScaffNetVoid",
    "fusionnet_void": "fusionnet_void:FusionNetVoid",
    "fusionnet_kitti": "fusionnet_kitti:FusionNetKitti",
    "scaffnet_finetune": "scaffnet_finetune:ScaffNetFinetune",
    "fusionnet_finetune": "fusionnet_finetune:FusionNetFinetune",
    "fusionnet_motion": "fusionnet_motion:FusionNetMotion",
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


def preset_named(name: str, preset: str = "") -> Recipe:
    """The settings of a recipe, or of one of its presets.

    Raises:
        TrainingError: no recipe, or no preset of it, has this name.
    """
    presets = presets_of(name)
    if preset not in presets:
        known = ", ".join(repr(key) for key in presets if key) or "none"
        raise TrainingError(f"'{name}' has no preset '{preset}'; it has {known}")
    return presets[preset]


def summary_of(name: str) -> str:
    """What a recipe is, as its file begins."""
    return inspect.cleandoc(str(_module(name).__doc__))


def _module(name: str) -> Any:  # noqa: ANN401 - its classes and tables
    return importlib.import_module(f"{__name__}.{RECIPES[name].split(':')[0]}")
