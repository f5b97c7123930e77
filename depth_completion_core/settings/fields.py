# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fields of settings dataclasses: what values they may have."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args, get_origin

T = TypeVar("T")
_LIMITS = "limits"


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
        """Raise ConfigError where a value is not allowed."""
        if self.choices and value not in self.choices:
            raise ConfigError(f"'{path}' is one of {', '.join(self.choices)}, got {value!r}")
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and not self.low <= float(value) <= self.high:  # type: ignore[arg-type]
            raise ConfigError(f"'{path}' lies from {self.low:g} to {self.high:g}, got {value!r}")


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
