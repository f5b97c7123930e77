# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of everything from pairs to depth on a program's command line."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeVar

import tyro

from depth_completion_core.config import CompletionConfig, load_config
from depth_completion_core.settings.command_line import parsed, value_given
from depth_completion_core.settings.mapping import check_limits

P = TypeVar("P", bound="ConfigFlags")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFlags:
    """Settings by file and by flag; the flags of a program extend it."""

    config: Path | None = None
    """YAML file with settings; flags override it."""
    settings: Annotated[CompletionConfig, tyro.conf.arg(name=""), tyro.conf.FlagConversionOff] = (
        field(default_factory=CompletionConfig)
    )


def parsed_with_config(program: type[P], arguments: Sequence[str]) -> P:
    """What a command line says: settings come from its flags, then from its --config file.

    Raises:
        ConfigError: the file cannot be read, or a setting is beyond its limits.
    """
    path = value_given(arguments, "--config")
    default = _with_settings(program, load_config(Path(path))) if path else None
    wanted = parsed(program, arguments, default=default)
    check_limits(wanted.settings)
    check_limits(wanted)
    return wanted


def _with_settings(program: type[P], settings: CompletionConfig) -> P:
    """The defaults of a program with other settings; what has no default must still be given."""
    required = {
        item.name: tyro.MISSING
        for item in dataclasses.fields(program)
        if item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
    }
    return program(**required, settings=settings)
