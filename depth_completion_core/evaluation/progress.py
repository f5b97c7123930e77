# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far a long run has come, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def progress(items: Sequence[T], title: str) -> Iterator[T]:
    """The items one by one, with a bar where tqdm is installed, else with a count."""
    try:
        from tqdm import tqdm  # noqa: PLC0415 - an extra, not in the base install
    except ImportError:
        yield from _counted(items, title)
        return
    yield from tqdm(items, desc=title or None, unit="frame", disable=None)


def _counted(items: Sequence[T], title: str) -> Iterator[T]:
    is_shown = sys.stderr.isatty()
    for number, item in enumerate(items, 1):
        yield item
        if is_shown:
            end = "\n" if number == len(items) else ""
            print(f"\r{title} {number} of {len(items)}", end=end, file=sys.stderr, flush=True)
