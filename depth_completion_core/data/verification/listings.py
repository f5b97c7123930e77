# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The lists of a set: parallel, of the set's own frames, each frame once and in one split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from depth_completion_core.data.verification.faults import Fault
from depth_completion_core.data.verification.layout import (
    FRAME_FILES,
    SPLITS,
    SetFolder,
    is_density,
)
from depth_completion_core.files.file_sources import lines_of
from depth_completion_core.files.input_files import InputFileError


class FrameName(NamedTuple):
    """A frame of a set."""

    sequence: str
    stem: str


@dataclass(slots=True)
class Listings:
    """What the lists say.

    Attributes:
        frames: those of each split, in the order of its list of images.
        faults: what is wrong with them.
    """

    frames: dict[str, list[FrameName]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def check_listings(folder: SetFolder) -> Listings:
    """Read and check all lists of a density."""
    listings = Listings()
    wanted = (*folder.kinds, "intrinsics")
    present = [s for s in SPLITS if any(folder.listing(s, what).is_file() for what in wanted)]
    for split in present or SPLITS[:1]:
        lines: dict[str, list[str]] = {}
        for what in wanted:
            path = folder.listing(split, what)
            try:
                lines[what] = [line for line in lines_of(path) if line]
            except InputFileError as error:
                listings.faults.append(_unread(folder, path, error))
        listings.frames[split] = list(_check_split(folder, split, lines, listings.faults))
    if not listings.faults and not any(listings.frames.values()):
        told = folder.told(folder.listing("train", "image"))
        found = "no list of images names a frame"
        listings.faults.append(Fault("missing_list", told, found, "one path per line"))
    listings.faults += _shared_frames(folder, listings.frames)
    return listings


def _unread(folder: SetFolder, listing: Path, error: InputFileError) -> Fault:
    expected = "a text file with one path per line"
    if listing.exists():
        return Fault("unreadable", folder.told(listing), str(error), expected)
    return Fault("missing_list", folder.told(listing), "there is no such list", expected)


def _check_split(
    folder: SetFolder, split: str, lines: dict[str, list[str]], faults: list[Fault]
) -> Iterator[FrameName]:
    images = lines.get("image", [])
    places = [_place(folder, folder.listing(split, "image"), line, faults) for line in images]
    for what, others in lines.items():
        listing = folder.listing(split, what)
        if len(others) != len(images):
            found, expected = f"{len(others)} lines", f"{len(images)}, as in {split}_image.txt"
            faults.append(Fault("list_length", folder.told(listing), found, expected))
            continue
        for number, line in enumerate(others):
            place = places[number] if what == "image" else _place(folder, listing, line, faults)
            image = places[number]
            if place is not None and image is not None:
                line_name = f"line {number + 1}"
                faults += _check_place(folder, listing, line_name, place, _wanted(image, what))
    names = [FrameName(image.parts[1], image.stem) for image in places if image is not None]
    for name, count in Counter(names).items():
        if count > 1:
            told = folder.told(folder.listing(split, "image"))
            found = f"{name.sequence}/{name.stem} is in {count} lines"
            faults.append(Fault("listed_twice", told, found, "each frame once"))
    yield from dict.fromkeys(names)


def _wanted(image: PurePosixPath, what: str) -> PurePosixPath:
    """The file of one kind that belongs to an image."""
    sequence = image.parent.parent
    if what == "intrinsics":
        return sequence / "K.txt"
    return sequence / what / f"{image.stem}{FRAME_FILES[what]}"


def _check_place(
    folder: SetFolder, listing: Path, line_name: str, place: PurePosixPath, wanted: PurePosixPath
) -> Iterator[Fault]:
    if place != wanted:
        found = f"{line_name} is {place}"
        yield Fault("list_order", folder.told(listing), found, str(wanted))
    elif not (folder.path / place).is_file():
        expected = f"a file, as {line_name} of {listing.name} lists it"
        yield Fault("missing_file", folder.told(folder.path / place), "there is none", expected)


def _place(
    folder: SetFolder, listing: Path, line: str, faults: list[Fault]
) -> PurePosixPath | None:
    """The path below the density that a line names, data/...; None where it names none."""
    path = PurePosixPath(line)
    expected = f"{folder.name}/data/SEQUENCE/... or data/SEQUENCE/..."
    if path.is_absolute() or ".." in path.parts:
        faults.append(Fault("outside_root", folder.told(listing), f"'{line[:80]}'", expected))
        return None
    start = next((i for i, part in enumerate(path.parts) if is_density(part)), -1)
    is_another = start >= 0 and is_density(folder.name) and path.parts[start] != folder.name
    below = PurePosixPath(*path.parts[start + 1 :])
    if is_another or "\0" in line or len(below.parts) not in (3, 4) or below.parts[0] != "data":
        faults.append(Fault("list_path", folder.told(listing), f"'{line[:80]}'", expected))
        return None
    return below


def _shared_frames(folder: SetFolder, frames: dict[str, list[FrameName]]) -> Iterator[Fault]:
    train = set(frames.get("train", []))
    for name in frames.get("test", []):
        if name in train:
            file = folder.path / "data" / name.sequence / "image" / f"{name.stem}.png"
            found = "it is listed in train_image.txt and in test_image.txt"
            yield Fault("test_in_train", folder.told(file), found, "a frame in one split")
