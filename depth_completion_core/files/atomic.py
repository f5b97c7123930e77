# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that survive a power cut: whole, or as they were."""

from __future__ import annotations

import json
import os
from pathlib import Path

PARTIAL = ".partial"


def write_durable(path: Path, data: bytes) -> None:
    """Write under a temporary name in the same folder, flush to the disk, rename.

    Raises:
        OSError: there is no room, or no right; a file that was there stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}{PARTIAL}")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)


def write_json(path: Path, values: object) -> None:
    """Write plain values as indented JSON; NaN is refused, since JSON has none."""
    write_durable(path, (json.dumps(values, indent=2, allow_nan=False) + "\n").encode("utf-8"))


def remove_partial(folder: Path) -> None:
    """Remove what a killed process left half written."""
    for path in folder.glob(f".*{PARTIAL}"):
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """The rename itself must reach the disk, too."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
