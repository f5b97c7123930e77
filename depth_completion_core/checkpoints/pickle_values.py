# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a pickle may hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch

# A checkpoint is some 7 levels deep.
_MOST_LEVELS = 100
_MOST_BITS_OF_A_NUMBER = 128
_MOST_ITEMS_OF_A_KEY = 16

Arguments = tuple[Any, ...]


class PickleError(ValueError):
    """A pickle that is not read; the message says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Stub:
    """Stands for a class that is not on the list, and for its objects; has the name it had."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Known(Stub):
    """What is on the list: something to call, or a storage's dtype."""

    call: Callable[[Arguments], object] | None = None
    dtype: torch.dtype | None = None


class Attributes(dict[Any, Any]):
    """The attributes of an object whose class may be known: the words of a command line."""


def checked_literal(value: Any) -> Any:  # noqa: ANN401
    """A number or text; raises PickleError for numbers of no use."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS_OF_A_NUMBER:
        raise PickleError(f"it holds a whole number of {value.bit_length()} bits")
    return value


def checked_key(key: Any) -> Any:  # noqa: ANN401
    """What can be a key, so that comparing keys takes no time: nothing nested; or PickleError."""
    parts = key if isinstance(key, tuple) else (key,)
    if len(parts) > _MOST_ITEMS_OF_A_KEY or not all(isinstance(part, _FLAT) for part in parts):
        raise PickleError("a key in it is neither a text nor a number, nor a few of them")
    return key


_FLAT = (str, int, float, bytes, type(None), Stub)


def check_levels(value: object) -> None:
    """Whoever goes through it later may do so by recursion; raises PickleError."""
    seen: set[int] = set()
    held: Iterable[object] = [value]
    for _ in range(_MOST_LEVELS):
        # Each once, although it may be held in very many places.
        level = {id(one): one for one in held if isinstance(one, (dict, list, tuple))}
        level = {key: one for key, one in level.items() if key not in seen}
        if not level:
            return
        seen.update(level)
        held = [item for one in level.values() for item in _held(one)]
    raise PickleError(f"it is nested more than {_MOST_LEVELS} levels deep")


def _held(container: Any) -> Iterable[object]:  # noqa: ANN401
    return container.values() if isinstance(container, dict) else container
