# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What tells whether inputs, settings and outputs are still the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def files_of(path: Path) -> dict[str, int]:
    """The files of a file or folder with their sizes in bytes; none where it is not there."""
    if path.is_file():
        return {path.name: path.stat().st_size}
    return {
        str(file.relative_to(path)): file.stat().st_size
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def differences(before: Mapping[str, Any], now: Mapping[str, Any], path: str = "") -> list[str]:
    """In which values nested mappings differ, as ``settings.pairing.slop_ms 50.0 -> 20.0``."""
    found: list[str] = []
    for key in sorted({*before, *now}):
        old, new = before.get(key), now.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += differences(old, new, f"{path}{key}.")
        elif old != new:
            found.append(f"{path}{key} {_shown(old)} -> {_shown(new)}")
    return found


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def stated(paths: Sequence[Path]) -> dict[str, list[int]]:
    """Size and time of change of files, which tell whether an input is the same without reading it.

    Args:
        paths: files, or folders with all that is in them; what is not there has none.

    Returns:
        Size in bytes and time in ns by the file's name, with its folder's before it.
    """
    found: dict[str, list[int]] = {}
    for path in paths:
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file():
                state = file.stat()
                name = str(Path(path.name) / file.relative_to(path))
                found[name] = [state.st_size, state.st_mtime_ns]
    return found
