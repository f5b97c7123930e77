# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a program reads it does not write: checked before the work begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path


class InputInDangerError(ValueError):
    """A file or folder would be written that is read, or two results would have one name."""


def check_inputs_are_kept(written: Mapping[str, Path | None], read: Iterable[Path | None]) -> None:
    """Refuse to write what is read, through whatever links and spellings.

    Args:
        written: files to be written, by the flag or argument that names them; None for none.
        read: files and folders that are read; what lies in such a folder counts as read, too.

    Raises:
        InputInDangerError: a file is to be written that is read, or two are the same.
    """
    targets = {name: path.resolve() for name, path in written.items() if path is not None}
    for source in (path.resolve() for path in read if path is not None):
        for name, target in targets.items():
            if source in (target, *target.parents):
                raise InputInDangerError(
                    f"{name} {written[name]} would write to the input {source}; give another name"
                )
    for (first, one), (second, other) in combinations(targets.items(), 2):
        if one == other:
            raise InputInDangerError(f"{first} and {second} are both {one}; give two names")
