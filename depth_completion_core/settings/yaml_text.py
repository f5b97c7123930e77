# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""YAML as people write settings in it, read safely; from strangers, too."""

from __future__ import annotations

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
