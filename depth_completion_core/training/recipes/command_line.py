# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings on the command line, without a library: ``--group.setting value``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from depth_completion_core.settings.descriptions import Setting, settings_of
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.recipes import RECIPES, presets_of, recipe_class
from depth_completion_core.training.recipes.recipe import Recipe, default_of

_TRUTHS = {"true": True, "false": False}


def changes_from(arguments: Sequence[str], recipe: type[Recipe]) -> dict[str, Any]:
    """Nested settings of ``--a.b value`` or ``--a.b=value``; lists are ``1,2,3``.

    Raises:
        ConfigError: an argument has no value, or not one of the setting's type. Names that are not
            known are kept, for the recipe to refuse.
    """
    known = {item.path: item for item in settings_of(recipe)}
    changes: dict[str, Any] = {}
    for path, text in _pairs(arguments):
        *groups, key = path.split(".")
        place = changes
        for group in groups:
            place = place.setdefault(group, {})
        place[key] = _value(known[path], text) if path in known else text
    return changes


def help_text(name: str) -> str:
    """How to call, and the settings of a recipe; without a name, the recipes."""
    usage = "usage: python -m depth_completion_core.train RECIPE [--setting value]"
    if not name:
        return f"{usage}\n\nrecipes: {', '.join(RECIPES)}\nRECIPE --help lists its settings"
    recipe = recipe_class(name)
    values = dict(_flat(config_to_mapping(default_of(recipe))))
    presets = ", ".join(preset for preset in presets_of(name) if preset)
    lines = [usage, "", f"settings of {name}" + (f" (presets: {presets})" if presets else "")]
    for item in settings_of(recipe):
        lines.append(f"  --{item.path} {_shown(values[item.path])}")
        lines.append(f"      {' '.join(item.description.split())}")
    return "\n".join(lines)


def _pairs(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    words = iter(arguments)
    for word in words:
        if not word.startswith("--"):
            raise ConfigError(f"'{word}': expected --setting value, such as --seed 3")
        path, found, text = word[2:].partition("=")
        if not found:
            following = next(words, None)
            if following is None:
                raise ConfigError(f"'{word}' has no value; write {word} VALUE")
            text = following
        yield path.replace("-", "_"), text


def _value(item: Setting, text: str) -> Any:  # noqa: ANN401 - as the setting says
    hint = item.type_hint
    if get_origin(hint) is tuple:
        words = [word.strip() for word in text.strip("[]()").split(",")]
        return [_leaf(item.path, get_args(hint)[0], word) for word in words if word]
    return _leaf(item.path, hint, text)


def _leaf(path: str, hint: type, text: str) -> Any:  # noqa: ANN401
    if hint is bool:
        if text.lower() not in _TRUTHS:
            raise ConfigError(f"'{path}' is true or false, got '{text}'")
        return _TRUTHS[text.lower()]
    try:
        return hint(text)
    except ValueError as error:
        what = "a whole number" if hint is int else "a number"
        raise ConfigError(f"'{path}' is {what}, got '{text}'") from error


def _flat(mapping: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(str(item) for item in value) or "(none)"
    return str(value) if value != "" else "''"
