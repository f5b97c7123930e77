# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files of NYU Depth v2 as prepared by Ma and Karaman (ICRA 2018): HDF5, and lists of them."""

from __future__ import annotations

import csv
import importlib
import json
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from depth_completion_core.data.readers.reading import blamed_on
from depth_completion_core.data.sample import DataError
from depth_completion_core.geometry.arrays import Float32Array, UInt8Array

HEIGHT, WIDTH = 480, 640
_FOLDERS = ("train", "val")


def h5py_module() -> Any:  # noqa: ANN401 - h5py has no types
    """h5py, which only this data set needs; raises DataError where it is not installed."""
    try:
        return importlib.import_module("h5py")
    except ImportError as error:
        raise DataError(
            "NYU's HDF5 files need h5py: pip install 'depth_completion_ros[evaluation]'"
        ) from error


def read_frame(path: Path) -> tuple[UInt8Array, Float32Array]:
    """(480, 640, 3) uint8 RGB and (480, 640) float32 metres of one file; raises DataError."""
    with blamed_on(path), h5py_module().File(path, "r") as file:
        missing = [key for key in ("rgb", "depth") if key not in file]
        if missing:
            raise ValueError(
                f"lacks {' and '.join(missing)}; it has {', '.join(file) or 'nothing'}"
            )
        rgb, depth = file["rgb"], file["depth"]
        found = (rgb.shape, rgb.dtype, depth.shape)
        if found != ((3, HEIGHT, WIDTH), np.uint8, (HEIGHT, WIDTH)):
            raise ValueError(
                f"rgb is {rgb.shape} of {rgb.dtype} and depth {depth.shape}, expected "
                f"{(3, HEIGHT, WIDTH)} of uint8 and {(HEIGHT, WIDTH)}"
            )
        image = np.ascontiguousarray(np.asarray(rgb).transpose(1, 2, 0))
        metres = np.asarray(depth).astype(np.float32)
        return image, np.nan_to_num(metres, posinf=0.0, neginf=0.0)


def files_in_folders(root: Path, split: str) -> list[Path]:
    """The files of a split by name: train/SCENE/NNNNN.h5, or val/official/NNNNN.h5 for test.

    Raises:
        DataError: there are none, or the split is val, which only a list tells.
    """
    if split == "val":
        raise DataError(
            "NYU has no folder for the split val; name a list of it in split_file, or take test"
        )
    folder = root / ("train" if split == "train" else "val/official")
    found = sorted(folder.rglob("*.h5"))
    if not found:
        raise DataError(
            f"{folder} holds no .h5 files; unpack nyudepthv2.tar.gz of sparse-to-dense there"
        )
    return found


def files_in_list(root: Path, listing: Path, split: str) -> list[Path]:
    """The files that a list names, in its order.

    Args:
        root: the folder of the data set.
        listing: .json with {"train": [{"filename": ...}], "val": ..., "test": ...} as NLSPN's, or
            .csv whose first column has paths, as CSPN's; a CSV is of one split.
        split: which one of the JSON's.

    Raises:
        DataError: the list is missing, damaged or empty, or a file of it is missing.
    """
    with blamed_on(listing):
        text = listing.read_text(encoding="utf-8-sig")
        lines = _json_lines(text, split) if listing.suffix == ".json" else _csv_lines(text)
        files = [root / _below_root(line) for line in lines]
    if not files:
        raise DataError(f"{listing} lists no files of the split {split}")
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise DataError(
            f"{listing} lists {len(files)} files, {len(missing)} are not there, such as "
            f"{missing[0]}; unpack nyudepthv2.tar.gz of sparse-to-dense, or correct the list"
        )
    return files


def _json_lines(text: str, split: str) -> list[str]:
    entries = json.loads(text)
    try:
        return [str(entry["filename"]) for entry in entries[split]]
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"expected {{'{split}': [{{'filename': 'val/official/00001.h5'}}, ...]}}"
        ) from error


def _csv_lines(text: str) -> list[str]:
    cells = [row[0].strip() for row in csv.reader(text.splitlines()) if row]
    return [cell for cell in cells if cell.endswith(".h5")]


def _below_root(line: str) -> PurePosixPath:
    """From train/ or val/ on: lists begin with wherever their author had the data."""
    path = PurePosixPath(line)
    start = next((i for i, part in enumerate(path.parts) if part in _FOLDERS), -1)
    if start < 0 or ".." in path.parts:
        raise ValueError(f"it lists '{line}', expected a path with train/ or val/ in it")
    return PurePosixPath(*path.parts[start:])
