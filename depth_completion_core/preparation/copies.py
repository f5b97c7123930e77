# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Many files copied, so that the same command goes on after whatever stopped it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from depth_completion_core.files.atomic import remove_partial, write_whole
from depth_completion_core.progress import ProgressDisplay

_SPARE_BYTES = 64 * 2**20  # a full file system is trouble for others, too


class Copy(NamedTuple):
    """A file and where it goes."""

    source: Path
    target: Path


def copied(copies: Sequence[Copy], *, is_dry_run: bool = False) -> list[str]:
    """Copy the files that are not yet there in their full size; returns sentences on it.

    Each file gets its name when all of it is on the disk.

    Args:
        copies: the files.
        is_dry_run: only say what would be done.

    Raises:
        OSError: there is not the room for all of them (nothing is written), or one cannot be read
            or written (those before it are whole).
    """
    sizes = {copy: copy.source.stat().st_size for copy in copies}
    todo = [copy for copy in copies if not _is_there(copy.target, sizes[copy])]
    size = sum(sizes[copy] for copy in todo)
    counted = f"{len(todo)} of {len(copies)} files ({_spelled(size)})"
    if is_dry_run:
        first = f", the first {todo[0].source} to {todo[0].target}" if todo else ""
        return [f"would copy {counted}{first}", *_room_problem(todo, size)]
    if problem := _room_problem(todo, size):
        raise OSError(problem[0])
    for folder in {copy.target.parent for copy in todo}:
        remove_partial(folder)
    with ProgressDisplay(
        "copying", unit="file", total=len(copies), done=len(copies) - len(todo)
    ) as shown:
        for copy in todo:
            write_whole(copy.target, copy.source.read_bytes())
            shown.advance()
    return [f"copied {counted}"]


def _is_there(target: Path, size: int) -> bool:
    return target.is_file() and target.stat().st_size == size


def _room_problem(todo: Sequence[Copy], size: int) -> list[str]:
    """A sentence where the disk is too small; nothing where it is not."""
    if not todo:
        return []
    place = next(folder for folder in todo[0].target.parents if folder.exists())
    free = shutil.disk_usage(place).free
    if free >= size + _SPARE_BYTES:
        return []
    problem = (
        f"the disk of {place} has {_spelled(free)} left, and the copies need {_spelled(size)}; "
        "make room, or put the data where there is some"
    )
    return [problem]


def _spelled(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
