# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Path lists: text files with one path per line, several of which belong together line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from depth_completion_core.data.readers.reading import blamed_on
from depth_completion_core.data.sample import DataError
from depth_completion_core.files.file_sources import lines_of, path_inside
from depth_completion_core.files.partners import disagreement


def read_list(listing: Path) -> list[str]:
    """The lines of a list, up to the first empty one: what follows it is not read.

    Released lists are read so by the programs that came with them, and some end in remarks.

    Raises:
        DataError: the file is missing, or has no line before an empty one.
    """
    with blamed_on(listing):
        lines = lines_of(listing)
    ended = lines.index("") if "" in lines else len(lines)
    if ended == 0:
        raise DataError(f"the list {listing} is empty, expected one path per line")
    return lines[:ended]


def read_parallel(listings: Mapping[str, Path]) -> dict[str, list[str]]:
    """Lists whose lines of one number belong to one sample; see :func:`check_same_frames`.

    Args:
        listings: the file of each list, by what it lists.

    Raises:
        DataError: a list is missing, empty or not as long as the first one.
    """
    lists = {what: read_list(path) for what, path in listings.items()}
    first = next(iter(lists), "")
    for what, lines in lists.items():
        if len(lines) != len(lists[first]):
            raise DataError(
                f"{listings[what]} has {len(lines)} lines before the first empty one, expected "
                f"{len(lists[first])} as in {listings[first].name}: line n of each is sample n"
            )
    return lists


def check_same_frames(
    listings: Mapping[str, Path], lists: Mapping[str, Sequence[str]], *, shared: Sequence[str]
) -> None:
    """Check that lines of one number name files of one frame, by their names and folders.

    Args:
        listings: the file of each list, by what it lists; that of the images first.
        lists: the lines of each, equally many.
        shared: what may be of several frames, as intrinsics are.

    Raises:
        DataError: a list is in another order.
    """
    first, *others = lists
    images = [PurePosixPath(line) for line in lists[first]]
    for what in others:
        paths = [PurePosixPath(line) for line in lists[what]]
        found = disagreement(images, paths, may_share=what in shared)
        if found is not None:
            raise DataError(
                f"line {found.line + 1} of {listings[first]} is {images[found.line]}, but line "
                f"{found.line + 1} of {listings[what]} is {paths[found.line]}: {found.reason}. "
                "Line n of each is sample n: bring them into one order"
            )


def listed_path(root: Path, line: str, listing: Path) -> Path:
    """The file that a line means; raises DataError where it is missing or not inside the root."""
    with blamed_on(listing):
        return path_inside(root, line, listing)


def check_unique(names: Sequence[str], source: Path) -> None:
    """Raise DataError where two samples of a list or folder have one name."""
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise DataError(f"{source} names the sample '{name}' {count} times, expected once")
