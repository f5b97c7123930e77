# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which files of a tree of HDF5 files belong to a split: its folders, or a list."""

from __future__ import annotations

from pathlib import Path

from depth_completion_core.data.readers.split_lists import (
    check_there,
    csv_paths,
    json_entries,
    path_from,
)
from depth_completion_core.data.sample import DataError

FOLDERS = ("train", "val")
"""From where on a listed path is below the data set's folder."""
_TEST_FOLDER = "val/official"
_UNPACK = "unpack nyudepthv2.tar.gz of sparse-to-dense there"


def files_in_folders(root: Path, split: str) -> list[Path]:
    """The files of a split by name: train/SCENE/NNNNN.h5, or val/official/NNNNN.h5 for test.

    Raises:
        DataError: there are none, or the split is val, which only a list tells.
    """
    if split == "val":
        raise DataError(
            "NYU has no folder for the split val; name a list of it in split_file, or take test"
        )
    return files_below(root / ("train" if split == "train" else _TEST_FOLDER), _UNPACK)


def files_below(folder: Path, remedy: str) -> list[Path]:
    """All .h5 files of a folder by name, at least one; raises DataError."""
    found = sorted(folder.rglob("*.h5"))
    if not found:
        raise DataError(f"{folder} holds no .h5 files; {remedy}")
    return found


def files_in_list(root: Path, listing: Path, split: str, remedy: str = _UNPACK) -> list[Path]:
    """The files that a list names, in its order.

    Args:
        root: the folder of the data set.
        listing: .json with {"train": [{"filename": ...}], "val": ..., "test": ...} as NLSPN's, or
            .csv whose first column has paths, as CSPN's; a CSV is of one split.
        split: which one of the JSON's.
        remedy: what to do where files are missing.

    Raises:
        DataError: the list is missing, damaged or empty, or a file of it is missing.
    """
    if listing.suffix == ".json":
        lines = [entry["filename"] for entry in json_entries(listing, split, ["filename"])]
    else:
        lines = csv_paths(listing, ".h5")
    files = [root / path_from(line, FOLDERS, listing) for line in lines]
    check_there(files, listing, remedy)
    return files
