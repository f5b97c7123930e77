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
    """The paths of a list, without its empty lines and the remarks that may follow one.

    Some released lists end in an empty line and a remark.

    Raises:
        DataError: the file is missing, or lists nothing.
    """
    with blamed_on(listing):
        lines = lines_of(listing)
    listed = "\n".join(lines).strip("\n").split("\n")
    if listed == [""]:
        raise DataError(f"the list {listing} is empty, expected one path per line")
    ended = listed.index("") if "" in listed else len(listed)
    further = [line for line in listed[ended:] if line and _is_path(line, like=listed[0])]
    return [*listed[:ended], *further]


def _is_path(line: str, *, like: str) -> bool:
    """Whether a line is a path rather than a remark, by its first word."""
    word = line.split(maxsplit=1)[0]
    return "/" in word or word == like.split(maxsplit=1)[0]


def read_parallel(listings: Mapping[str, Path]) -> dict[str, list[str]]:
    """Lists whose paths of one number belong to one sample; see :func:`check_same_frames`.

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
                f"{listings[what]} lists {len(lines)} paths, expected {len(lists[first])} as in "
                f"{listings[first].name}: path n of each is sample n"
            )
    return lists


def check_same_frames(
    listings: Mapping[str, Path], lists: Mapping[str, Sequence[str]], *, shared: Sequence[str]
) -> None:
    """Check that paths of one number name files of one frame, by their names and folders.

    Args:
        listings: the file of each list, by what it lists; that of the images first.
        lists: the paths of each, equally many.
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
                f"path {found.line + 1} of {listings[first]} is {images[found.line]}, but path "
                f"{found.line + 1} of {listings[what]} is {paths[found.line]}: {found.reason}. "
                "Path n of each is sample n: bring them into one order"
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
