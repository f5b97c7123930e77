# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings as flags: how every program reads its command line.

A flag is a setting's dotted path, with dashes or underscores, and its value is spelled as in YAML:
``true`` or ``false``, a list as ``1,2,3``; a list's values may also stand apart, ``1 2 3``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, get_args

import tyro
from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

from depth_completion_core.settings.fields import LARGEST

T = TypeVar("T")

_RULES = ConstructorRegistry()
_TRUTHS = {"true": True, "false": False}
_NUMBERS: dict[type, str] = {int: "a whole number", float: "a number"}


def parsed(
    program: type[T],
    arguments: Sequence[str],
    *,
    default: T | None = None,
    is_settings: bool = False,
    prog: str | None = None,
    description: str | None = None,
) -> T:
    """What a command line says; ends the process for --help, and with 2 where it cannot be read.

    Args:
        program: the dataclass of the program's flags.
        arguments: the words of the command line, without the program.
        default: what flags that are not given keep.
        is_settings: whether all of ``program`` is settings, so that each flag has a value.
        prog: the program as its help calls it; None for how it was started.
        description: what its help begins with; None for the description of ``program``.
    """
    with _RULES:
        return tyro.cli(
            program,
            args=arguments,
            default=tyro.MISSING_NONPROP if default is None else default,
            prog=prog,
            description=description,
            config=(tyro.conf.FlagConversionOff,) if is_settings else None,
        )


def value_given(arguments: Sequence[str], flag: str) -> str:
    """The value of a flag that decides on the defaults of the others; empty where it is not given.

    Args:
        arguments: the words of the command line.
        flag: such as ``--config``.
    """
    words = [*arguments, ""]
    for number, word in enumerate(arguments):
        name, equals, joined = word.partition("=")
        if name == flag:
            return joined if equals else words[number + 1]
    return ""


@_RULES.primitive_rule
def _truth(kind: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[bool] | None:
    if kind.type is not bool:
        return None

    def read(words: list[str]) -> bool:
        if words[0].lower() not in _TRUTHS:
            raise ValueError(f"expected true or false, got '{words[0]}'")
        return _TRUTHS[words[0].lower()]

    return PrimitiveConstructorSpec(
        nargs=1,
        metavar="{true,false}",
        instance_from_str=read,
        is_instance=lambda value: isinstance(value, bool),
        str_from_instance=lambda value: [str(value).lower()],
    )


@_RULES.primitive_rule
def _number(kind: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[float] | None:
    number: type[float] = kind.type
    if number not in (int, float):
        return None

    def read(words: list[str]) -> float:
        try:
            value = number(words[0])
        except ValueError:
            raise ValueError(f"expected {_NUMBERS[number]}, got '{words[0][:40]}'") from None
        if not abs(value) <= LARGEST:
            raise ValueError(f"expected a number of ordinary size, got '{words[0][:40]}'")
        return value

    return PrimitiveConstructorSpec(
        nargs=1,
        metavar=number.__name__.upper(),
        instance_from_str=read,
        is_instance=lambda value: isinstance(value, number),
        str_from_instance=lambda value: [str(value)],
    )


@_RULES.primitive_rule
def _list(kind: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[tuple[Any, ...]] | None:
    """Lists of settings; other lists of a program may hold values with commas."""
    if kind.type_origin is not tuple or tyro.conf.FlagConversionOff not in kind.markers:
        return None
    item: Callable[[str], Any] = get_args(kind.type)[0]

    def read(words: list[str]) -> tuple[Any, ...]:
        texts = (text.strip() for word in words for text in word.strip("[]()").split(","))
        return tuple(item(text) for text in texts if text)

    name = getattr(item, "__name__", "value").upper()
    return PrimitiveConstructorSpec(
        nargs="*",
        metavar=f"{name},{name},...",
        instance_from_str=read,
        is_instance=lambda value: isinstance(value, tuple),
        str_from_instance=lambda value: [",".join(map(str, value))] if value else [],
    )
