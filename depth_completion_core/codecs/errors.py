# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is raised for a message that cannot be decoded."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class CodecError(ValueError):
    """A message that cannot be decoded; says what was found, what was expected, what to do."""


def unknown_encoding(
    found: str, known: Iterable[str], advice: str, kind: str = "encoding"
) -> CodecError:
    """The error for an encoding outside of ``known``, naming the nearest known one.

    Args:
        found: the encoding that the message carries.
        known: what can be decoded.
        advice: what to do about it, a sentence.
        kind: what ``found`` is, if it is not an encoding.
    """
    names = list(known)
    nearest = get_close_matches(found.strip().lower(), [name.lower() for name in names], n=1)
    guess = next((name for name in names if nearest and name.lower() == nearest[0]), None)
    meant = f" (nearest: '{guess}')" if guess is not None else ""
    return CodecError(
        f"the {kind} is '{found}', expected one of {', '.join(names)}{meant}. {advice}"
    )
