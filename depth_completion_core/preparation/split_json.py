# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NLSPN's lists of splits: what is in them, shuffled and cut as its generators do, and the file."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from depth_completion_core.files.atomic import write_text

Entry = dict[str, str]
Splits = dict[str, list[Entry]]


def shuffled_and_cut(splits: Splits, limits: Mapping[str, int], seed: int) -> Splits:
    """The splits with train shuffled; one that is too long is shuffled (again) and cut.

    Args:
        splits: entries by the name of their split.
        limits: largest numbers of entries; 0 for no limit.
        seed: of Python's generator, whose order is the same in all of its versions.
    """
    generator = random.Random(seed)  # noqa: S311 - no secret
    made = {split: list(entries) for split, entries in splits.items()}
    if "train" in made:
        generator.shuffle(made["train"])
    for split, limit in limits.items():
        if limit and len(made.get(split, ())) > limit:
            generator.shuffle(made[split])
            del made[split][limit:]
    return made


def write_splits(path: Path, splits: Splits) -> list[str]:
    """Write the list, whole or not at all; returns sentences on what is in it.

    Raises:
        ValueError: nothing is listed.
        WriteError: it cannot be written; what was there is as it was.
    """
    if not any(splits.values()):
        raise ValueError(f"{path} is not written: there is nothing to list")
    write_text(path, json.dumps(splits, indent=4))
    counts = ", ".join(f"{len(entries)} in {split}" for split, entries in splits.items())
    return [f"wrote {path}: {counts}"]


def entries_that_are_there(root: Path, entries: Sequence[Entry]) -> tuple[list[Entry], Path | None]:
    """The entries all of whose files exist, and the first file that keeps another one out."""
    kept: list[Entry] = []
    missing: Path | None = None
    for entry in entries:
        lacking = next((p for p in entry.values() if not (root / p).is_file()), None)
        if lacking is None:
            kept.append(entry)
        elif missing is None:
            missing = root / lacking
    return kept, missing
