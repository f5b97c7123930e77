# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fields of settings dataclasses: what values they may have."""

from __future__ import annotations

import dataclasses
import math
import reprlib
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args, get_origin

T = TypeVar("T")
_LIMITS = "limits"
_MOST_SHOWN = 120  # characters


LARGEST = 2**63 - 1
"""Of numbers in settings, as in ROS and most files; infinity is none either."""


class ConfigError(ValueError):
    """A setting that is not known or has a wrong type or value; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What values a setting may have.

    Attributes:
        low: smallest number.
        high: largest number.
        choices: the only texts, of a Literal; empty for any.
    """

    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()

    def check(self, path: str, value: object) -> None:
        """Raise ConfigError where a value, or one of a list, is not allowed."""
        if self.choices and value not in self.choices:
            raise ConfigError(f"'{path}' is one of {', '.join(self.choices)}, got {shown(value)}")
        if isinstance(value, tuple):
            for each in value:
                self.check(path, each)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return
        if not abs(value) <= LARGEST:
            raise ConfigError(f"'{path}' is a number of ordinary size, got {shown(value)}")
        if not self.low <= value <= self.high:
            raise ConfigError(f"'{path}' lies from {self.low:g} to {self.high:g}, got {value!r}")


def shown(value: object) -> str:
    """A value for a message, cut short: files of settings can hold anything."""
    text = reprlib.repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def setting(default: T, *, low: float = -math.inf, high: float = math.inf) -> T:
    """A field with limits."""
    limits = Limits(low=low, high=high)
    return field(default=default, metadata={_LIMITS: limits})


def limits_of(item: dataclasses.Field[Any], hint: Any) -> Limits:  # noqa: ANN401 - a type
    """The limits of a field of a settings dataclass; ``hint`` is its resolved type."""
    if get_origin(hint) is Literal:
        return Limits(choices=get_args(hint))
    limits: Limits = item.metadata.get(_LIMITS, Limits())
    return limits
