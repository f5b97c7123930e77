# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings as a flat list with their descriptions, for parameters and documentation."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_origin, get_type_hints

from depth_completion_core.settings.fields import Limits, limits_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One leaf of a settings tree.

    Attributes:
        path: dotted, such as ``projection.occlusion.window_px``.
        type_hint: bool, int, float, str or a tuple of one of them; str for a Literal, whose texts
            are the choices of the limits.
        default: its default.
        description: the text below the field in its class.
        limits: what values are allowed.
    """

    path: str
    type_hint: Any
    default: Any
    description: str
    limits: Limits


def settings_of(cls: type[Any], prefix: str = "") -> Iterator[Setting]:
    """All leaves of a settings dataclass, in order."""
    hints, texts, default = get_type_hints(cls), _descriptions(cls), cls()
    for item in dataclasses.fields(cls):
        hint = hints[item.name]
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            yield from settings_of(hint, f"{prefix}{item.name}.")
        else:
            yield Setting(
                path=f"{prefix}{item.name}",
                type_hint=str if get_origin(hint) is Literal else hint,
                default=getattr(default, item.name),
                description=texts.get(item.name, ""),
                limits=limits_of(item, hint),
            )


def _descriptions(cls: type[Any]) -> dict[str, str]:
    """The string below each field, of a class and of those that it extends."""
    texts: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if not dataclasses.is_dataclass(base):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        assert isinstance(body, ast.ClassDef)  # noqa: S101 - the source of a class
        for field, text in zip(body.body, body.body[1:], strict=False):
            is_field = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            is_text = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
            if is_field and is_text:
                texts[field.target.id] = inspect.cleandoc(str(text.value.value))  # type: ignore[attr-defined]
    return texts
