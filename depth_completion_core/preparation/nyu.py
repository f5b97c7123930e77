# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NLSPN's list of NYU Depth v2: images for training, some held out of them, and the tests."""

from __future__ import annotations

import random
from pathlib import Path

from depth_completion_core.data.readers.nyu_files import (
    FOLDERS,
    files_in_folders,
)
from depth_completion_core.data.readers.split_lists import csv_paths, path_from
from depth_completion_core.preparation.command_lines import PrepareNyu
from depth_completion_core.preparation.split_json import Entry, write_splits


def prepare(wanted: PrepareNyu) -> list[str]:
    """Write the list; returns sentences on what was written, and what is odd about it.

    Raises:
        DataError: the folder or the CSV is missing, empty or damaged.
        ValueError: there is nothing to list.
        WriteError: the list cannot be written.
    """
    names = _training_names(wanted)
    order = list(range(len(names)))
    random.Random(wanted.seed).shuffle(order)  # noqa: S311 - no secret
    held_out = int(len(names) * wanted.val_ratio)
    trained = _limited(len(names) - held_out, wanted.num_train)
    held_out = _limited(held_out, wanted.num_val)
    tests = _below(wanted.data, files_in_folders(wanted.data, "test"))
    splits = {
        "train": _entries([names[index] for index in order[:trained]]),
        "val": _entries([names[index] for index in order[trained : trained + held_out]]),
        "test": _entries(tests[: _limited(len(tests), wanted.num_test)]),
    }
    told = write_splits(wanted.out or wanted.data / "nyu.json", splits)
    if not held_out:
        told.append(
            f"note: val is empty, for {wanted.val_ratio:g} of {len(names)} images are none; give a "
            "larger --val-ratio to validate on some"
        )
    missing = [name for name in names if not (wanted.data / name).is_file()]
    if missing:
        told.append(
            f"note: {len(missing)} of the {len(names)} files in {wanted.csv_train} are not in "
            f"{wanted.data}, such as {missing[0]}; the reader will ask for them"
        )
    return told


def _training_names(wanted: PrepareNyu) -> list[str]:
    if wanted.csv_train is None:
        return _below(wanted.data, files_in_folders(wanted.data, "train"))
    listing = wanted.csv_train
    return [str(path_from(line, FOLDERS, listing)) for line in csv_paths(listing, ".h5")]


def _below(root: Path, files: list[Path]) -> list[str]:
    return [path.relative_to(root).as_posix() for path in files]


def _entries(names: list[str]) -> list[Entry]:
    return [{"filename": name} for name in names]


def _limited(count: int, limit: int) -> int:
    return min(count, limit) if limit else count
