# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What tells whether inputs, settings and outputs are still the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path


def files_of(path: Path) -> dict[str, int]:
    """The files of a file or folder with their sizes in bytes; none where it is not there."""
    if path.is_file():
        return {path.name: path.stat().st_size}
    return {
        str(file.relative_to(path)): file.stat().st_size
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def differences(old: object, new: object, name: str = "") -> Iterator[str]:
    """The values of nested mappings that are not the same, by their dotted names."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from differences(old.get(key), new.get(key), f"{name}.{key}" if name else key)
    elif old != new:
        yield f"{name} was {json.dumps(old)}, is {json.dumps(new)}"


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
