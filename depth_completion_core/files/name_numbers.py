# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The numbers in the names of files: the order of frames, and what tells them apart."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import PurePath

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")


def numbers_in(path: PurePath) -> tuple[Decimal, ...]:
    """The numbers in a file's name without its ending: (12,) for 12.png and depth_000012.png."""
    return tuple(Decimal(number) for number in _NUMBER.findall(path.stem))


def frame_order(path: PurePath) -> tuple[list[str | Decimal], str]:
    """A key to sort files by name, numbers by their value: 2.png comes before 10.png."""
    pieces = _NUMBER.split(path.stem)  # texts and numbers by turns, so that like meets like
    return [Decimal(p) if place % 2 else p for place, p in enumerate(pieces)], path.name
