# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lists of samples that somebody leaves out, as frames in which the camera stands still."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from depth_completion_core.data.sample import DataError
from depth_completion_core.files.file_sources import lines_of
from depth_completion_core.files.input_files import InputFileError

_SHOWN = 80  # characters
_WORDS = 3  # of DATE DRIVE NUMBER


class LeftOut(NamedTuple):
    """What a list leaves of some samples.

    Attributes:
        kept: numbers of the samples that it does not name, in order.
        note: how many it names, in a sentence.
    """

    kept: list[int]
    note: str


def drive_places(listing: Path) -> set[tuple[str, int]]:
    """(drive, number) of each line DATE DRIVE NUMBER, as in lists of KITTI's static frames.

    Raises:
        DataError: a line is another.
        InputFileError: the list cannot be read.
    """
    lines = _entries(listing)
    for line in lines:
        if not _is_place(line):
            raise DataError(f"{listing}: '{line[:_SHOWN]}', expected DATE DRIVE NUMBER")
    return {_place(line) for line in lines}


def left_out(names: Sequence[str], listing: Path) -> LeftOut:
    """The samples that a list does not name.

    Args:
        names: of all samples.
        listing: a sample's name on each line; or DATE DRIVE NUMBER, which names the image of that
            number of every camera of a drive of KITTI.

    Raises:
        DataError: the list is missing or empty, has lines of both kinds, or names no sample.
    """
    try:
        lines = _entries(listing)
    except InputFileError as error:
        raise DataError(str(error)) from error
    if not lines:
        raise DataError(f"the list {listing} is empty, expected names of samples to leave out")
    if _is_place(lines[0]):
        places = drive_places(listing)
        found = [_places_of(name) & places for name in names]
        return _told(names, [bool(each) for each in found], listing, len(set.union(*found, set())))
    known = set(names)
    wanted = set(lines)
    if not wanted & known:
        raise DataError(
            f"{listing} names none of the {len(names)} samples: it begins with "
            f"'{lines[0][:_SHOWN]}', a sample is called '{names[0] if names else ''}'"
        )
    named = [name in wanted for name in names]
    return _told(names, named, listing, len(wanted & known), len(wanted))


def _told(
    names: Sequence[str], is_named: Sequence[bool], listing: Path, matched: int, lines: int = 0
) -> LeftOut:
    kept = [index for index, named in enumerate(is_named) if not named]
    if not kept:
        raise DataError(f"{listing} names all {len(names)} samples: none is left")
    note = f"{len(names) - len(kept)} of {len(names)} samples are left out, which {listing} names"
    if lines > matched:
        note += f"; {lines - matched} of its names are of no sample"
    return LeftOut(kept, note)


def _entries(listing: Path) -> list[str]:
    """Lines without empty ones and remarks, which begin with #."""
    return [line for line in lines_of(listing) if line and not line.startswith("#")]


def _is_place(line: str) -> bool:
    words = line.split()
    return len(words) == _WORDS and words[-1].isdecimal()


def _place(line: str) -> tuple[str, int]:
    _, drive, number = line.split()
    return drive, int(number)


def _places_of(name: str) -> set[tuple[str, int]]:
    """A sample's number beside each folder in its name, one of which is its drive."""
    path = PurePosixPath(name)
    number = int(path.name) if path.name.isdecimal() else -1
    return {(part, number) for part in path.parts[:-1]}
