# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recipe's settings on the command line: ``RECIPE [--setting value]``."""

from __future__ import annotations

from collections.abc import Sequence

from depth_completion_core.settings.command_line import parsed, value_given
from depth_completion_core.settings.mapping import check_limits
from depth_completion_core.training.recipes import RECIPES, preset_named, presets_of, summary_of
from depth_completion_core.training.recipes.recipe import Recipe

_PROGRAM = "python -m depth_completion_core.train"


def parsed_recipe(name: str, arguments: Sequence[str]) -> Recipe:
    """A recipe as its command line says; ends the process for --help and for unknown flags.

    Args:
        name: of the table of recipes.
        arguments: ``--setting value``; --preset among them says what the others change.

    Raises:
        TrainingError: no recipe, or no preset of it, has this name.
        ConfigError: a value is beyond its limits.
    """
    presets = ", ".join(preset for preset in presets_of(name) if preset) or "none"
    recipe = parsed(
        type(preset_named(name)),
        arguments,
        default=preset_named(name, value_given(arguments, "--preset")),
        is_settings=True,
        prog=f"{_PROGRAM} {name}",
        description=f"{summary_of(name)}\n\nPresets: {presets}",
    )
    check_limits(recipe)
    return recipe


def overview() -> str:
    """How to call, and the recipes that there are."""
    width = max(map(len, RECIPES)) + 2
    return "\n".join(
        [
            f"usage: {_PROGRAM} RECIPE [--setting value]",
            "",
            "recipes:",
            *(f"  {name:{width}}{summary_of(name).splitlines()[0]}" for name in RECIPES),
            "",
            "RECIPE --help lists its settings and presets.",
        ]
    )
