# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""YAML as people write settings in it, read safely; from strangers, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from depth_completion_core.settings.fields import ConfigError

_MOST_CHARACTERS = 1 << 20


def yaml_values(text: str) -> Any:  # noqa: ANN401 - whatever stands there
    """The plain values of YAML text.

    Raises:
        ConfigError: it is not YAML, too long, or nested too deeply; or a number in it is.
    """
    if len(text) > _MOST_CHARACTERS:
        raise ConfigError(f"{len(text):,} characters are too many for settings")
    try:
        return yaml.safe_load(text)
    except RecursionError as error:
        raise ConfigError("the text is nested too deeply for settings") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # such as a day 31 of February
        raise ConfigError(f"not a readable YAML text: {error}") from error


def settings_of_texts(texts: Sequence[str]) -> dict[str, Any]:
    """Nested settings of ``key=value`` texts, values as in YAML; none is the empty text.

    Raises:
        ConfigError: a text has no ``=``, or its value is not YAML.
    """
    settings: dict[str, Any] = {}
    for text in texts:
        path, found, value = text.partition("=")
        if not found:
            raise ConfigError(f"'{text}': expected key=value, such as split=val")
        *groups, key = path.split(".")
        place = settings
        for group in groups:
            place = place.setdefault(group, {})
        try:
            place[key] = yaml_values(value) if value else ""
        except ConfigError as error:
            raise ConfigError(f"'{text}': {error}") from error
    return settings
