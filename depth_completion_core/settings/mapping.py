# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings dataclasses from nested mappings, as YAML and JSON have them, and back."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from depth_completion_core.settings.fields import LARGEST, ConfigError, Limits, limits_of, shown

T = TypeVar("T")


def config_from_mapping(cls: type[T], mapping: Mapping[str, Any], path: str = "") -> T:
    """Build a settings dataclass from nested mappings; what is missing keeps its default.

    Raises:
        ConfigError: a key is not known (the nearest one is named) or a value has another type.
    """
    hints = get_type_hints(cls)
    limits = _limits(cls, hints)
    values: dict[str, Any] = {}
    for key, value in mapping.items():
        dotted = f"{path}{key}"
        if key not in hints:
            raise ConfigError(_unknown_key(dotted, path, list(hints)))
        hint = hints[key]
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            if not isinstance(value, Mapping):
                raise ConfigError(f"'{dotted}' is a group of settings, got {shown(value)}")
            values[key] = config_from_mapping(hint, value, f"{dotted}.")
        else:
            values[key] = _leaf(dotted, hint, value)
            limits[key].check(dotted, values[key])
    return cls(**values)


def check_limits(config: Any, path: str = "") -> None:  # noqa: ANN401 - a settings dataclass
    """Raise ConfigError where a value is beyond its limits; types are not checked.

    Args:
        config: the settings.
        path: dotted, with a dot at its end, of the group that they are.
    """
    for name, limits in _limits(type(config), get_type_hints(type(config))).items():
        value = getattr(config, name)
        if dataclasses.is_dataclass(value):
            check_limits(value, f"{path}{name}.")
        else:
            limits.check(f"{path}{name}", value)


def config_to_mapping(config: Any) -> dict[str, Any]:  # noqa: ANN401
    """Nested dicts and lists of a settings dataclass, ready for YAML or JSON."""
    return {
        item.name: config_to_mapping(value)
        if dataclasses.is_dataclass(value)
        else (list(value) if isinstance(value, tuple) else value)
        for item in dataclasses.fields(config)
        for value in (getattr(config, item.name),)
    }


def differences(
    values: Mapping[str, Any], defaults: Mapping[str, Any], path: str = ""
) -> list[str]:
    """What is not the default, as ``path=value`` each.

    Args:
        values: nested, as :func:`config_to_mapping` gives them.
        defaults: the same of the default settings.
        path: dotted, with a dot at its end, of the group that they are.
    """
    found: list[str] = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            found += differences(value, defaults[key], f"{path}{key}.")
        elif value != defaults[key]:
            found.append(f"{path}{key}={value}")
    return found


def _limits(cls: Any, hints: Mapping[str, Any]) -> dict[str, Limits]:  # noqa: ANN401 - a type
    return {item.name: limits_of(item, hints[item.name]) for item in dataclasses.fields(cls)}


def _unknown_key(dotted: str, path: str, known: list[str]) -> str:
    near = difflib.get_close_matches(dotted.rsplit(".", 1)[-1], known, n=1)
    hint = f"did you mean '{path}{near[0]}'?" if near else f"known here: {', '.join(known)}"
    return f"unknown setting '{dotted}'; {hint}"


def _leaf(dotted: str, hint: Any, value: Any) -> Any:  # noqa: ANN401
    if get_origin(hint) is Literal:
        return value  # its limits name the choices
    if get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"'{dotted}' is a list, got {shown(value)}")
        return tuple(_leaf(dotted, get_args(hint)[0], item) for item in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) <= LARGEST else value  # its limits refuse it
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ConfigError(f"'{dotted}' is {_TYPE_WORDS[hint]}, got {shown(value)}")
    return value


_TYPE_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
