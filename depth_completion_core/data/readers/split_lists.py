# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lists of the splits of a data set: NLSPN's JSON, CSPN's CSV.

::

    {"train": [{"filename": "train/SCENE/00001.h5"}, ...], "val": [...], "test": [...]}
    {"train": [{"rgb": ..., "depth": ..., "gt": ..., "K": ...}, ...], "val": [...], "test": [...]}

``python -m depth_completion_core.prepare`` writes both.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from depth_completion_core.data.readers.reading import blamed_on
from depth_completion_core.data.sample import DataError

_SHOWN = 80  # characters


def json_entries(listing: Path, split: str, fields: Sequence[str]) -> list[dict[str, str]]:
    """The entries of a split of a .json, in their order, at least one.

    Args:
        listing: the file.
        split: its key.
        fields: what each entry must name.

    Raises:
        DataError: the list is missing, damaged or empty.
    """
    found = _parsed(listing)
    example = ", ".join(f'"{field}": "..."' for field in fields)
    expected = f'{{"{split}": [{{{example}}}, ...]}}'
    if not isinstance(found, dict) or not isinstance(found.get(split), list):
        keys = ", ".join(map(str, found)) if isinstance(found, dict) else type(found).__name__
        raise DataError(f"{listing} has {keys or 'nothing'}, expected {expected}")
    for number, entry in enumerate(found[split]):
        values = [entry.get(field) if isinstance(entry, dict) else None for field in fields]
        if not all(isinstance(value, str) and value for value in values):
            raise DataError(
                f"{listing}: entry {number} of '{split}' is {str(entry)[:_SHOWN]}, expected "
                f"{{{example}}}"
            )
    if not found[split]:
        raise DataError(f"{listing} lists no files of the split {split}")
    return [{field: entry[field] for field in fields} for entry in found[split]]


def csv_paths(listing: Path, ending: str) -> list[str]:
    """The paths with an ending in the first column of a .csv, at least one; raises DataError."""
    rows = csv.reader(_text_of(listing).splitlines())
    with blamed_on(listing):
        cells = [row[0].strip() for row in rows if row]
    found = [cell for cell in cells if cell.endswith(ending)]
    if not found:
        raise DataError(f"{listing} lists no {ending} files in its first column")
    return found


def path_from(line: str, folders: Sequence[str], listing: Path) -> PurePosixPath:
    """A listed path from one of these folders on; raises DataError.

    Lists begin with wherever their author had the data.
    """
    parts = PurePosixPath(line).parts
    start = next((i for i, part in enumerate(parts) if part in folders), -1)
    if start < 0 or ".." in parts:
        raise DataError(
            f"{listing} lists '{line[:_SHOWN]}', expected a path with "
            f"{' or '.join(f'{folder}/' for folder in folders)} in it"
        )
    return PurePosixPath(*parts[start:])


def path_below(line: str, listing: Path) -> PurePosixPath:
    """A listed path, which may not lead out of the data set's folder; raises DataError."""
    path = PurePosixPath(line)
    if path.is_absolute() or ".." in path.parts or "\0" in line:
        raise DataError(
            f"{listing} lists '{line[:_SHOWN]}', which leads out of the data set's folder; paths "
            "are relative to it"
        )
    return path


def check_there(paths: Sequence[Path], listing: Path, remedy: str) -> None:
    """Raise DataError where listed files are missing, with their number and the first of them."""
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise DataError(
            f"{listing} lists {len(paths)} files, {len(missing)} are not there, such as "
            f"{missing[0]}; {remedy}, or correct the list"
        )


def _parsed(listing: Path) -> Any:  # noqa: ANN401 - of JSON
    text = _text_of(listing)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{listing} is no JSON: {error}") from error


def _text_of(listing: Path) -> str:
    if not listing.is_file():
        raise DataError(
            f"there is no list {listing}; python -m depth_completion_core.prepare writes such "
            "lists, and an empty split_file reads whole folders"
        )
    with blamed_on(listing):
        return listing.read_text(encoding="utf-8-sig")
