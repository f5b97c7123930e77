# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files that a path means: itself, those of a folder, or those of a list."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from depth_completion_core.files.input_files import InputFileError
from depth_completion_core.files.listing import listed
from depth_completion_core.files.name_numbers import frame_order

_FRAME_LIKE = (
    *(".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".pnm", ".webp", ".tif", ".tiff", ".gif"),
    *(".jp2", ".heic", ".exr", ".hdr", ".pfm", ".raw", ".npy", ".npz", ".mat", ".h5", ".bin"),
)
_ITS_ROOT = "the folder that its paths begin in (--root, --data, or --data.root to train)"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """What a path means.

    Attributes:
        path: a file, a folder, or a list.
        files: the files, those of a folder in the order of frames.
        lines: of a list, the number of each file's line, from 1; else empty.
    """

    path: Path
    files: tuple[Path, ...]
    lines: tuple[int, ...] = ()


def files_of(source: Path, types: Sequence[str], *, root: Path) -> FileSource:
    """The files that a path means: itself, those of a folder by name, or those of a .txt list.

    Args:
        source: a file, a folder, or a text file with one path per line.
        types: endings of the files looked for.
        root: paths of a list are relative to it, and may not lead out of it.

    Raises:
        InputFileError: nothing is there, or a path leaves the root.
    """
    if source.is_dir():
        found = files_in(source, types)
        if not found:
            others = left_out_of(source, types)
            but = f", but {listed(others)}" if others else ""
            raise InputFileError(f"the folder {source} holds no {' or '.join(types)} files{but}")
        return FileSource(path=source, files=tuple(found))
    if not source.exists():
        raise InputFileError(f"there is no file or folder {source}")
    if source.suffix != ".txt":
        return FileSource(path=source, files=(source,))
    numbered = [(number, line) for number, line in enumerate(lines_of(source), 1) if line]
    if not numbered:
        raise InputFileError(f"the list {source} is empty, expected one path per line")
    return FileSource(
        path=source,
        files=tuple(path_inside(root, line, source) for _, line in numbered),
        lines=tuple(number for number, _ in numbered),
    )


def files_in(folder: Path, types: Sequence[str]) -> list[Path]:
    """The files of a folder with one of these endings, in the order of frames.

    Hidden ones are none of them: macOS leaves a ._NAME beside a NAME on foreign disks.
    """
    found = (path for path in _visible(folder) if path.suffix.lower() in types and path.is_file())
    return sorted(found, key=frame_order)


def left_out_of(folder: Path, types: Sequence[str]) -> list[str]:
    """What looks like frames in a folder, and is not among :func:`files_in`.

    Args:
        folder: that is read.
        types: endings of the files that are read in it.

    Returns:
        Names of folders that hold such files, with a slash, and of files of other kinds of images
        or arrays.
    """
    found = []
    for path in sorted(_visible(folder)):
        if path.is_dir():
            holds_any = any(inner.suffix.lower() in types for inner in _visible(path))
            found += [f"{path.name}/"] if holds_any else []
        elif path.suffix.lower() in _FRAME_LIKE and path.suffix.lower() not in types:
            found.append(path.name)
    return found


def _visible(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if not path.name.startswith("."))


def lines_of(listing: Path) -> list[str]:
    """The lines of a text file, without the blanks around them; raises InputFileError.

    UTF-8, or UTF-16 with its mark, as Windows writes what a command prints.
    """
    try:
        content = listing.read_bytes()
        is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputFileError(f"cannot read the list {listing}: {error}") from error
    return [line.strip() for line in text.splitlines()]


def path_inside(root: Path, line: str, listing: Path) -> Path:
    """The path that a line of a list means.

    Lists come with data, so they may not lead anywhere else; symbolic links are those of whoever
    keeps the folder, and may.

    Args:
        root: what the line is relative to.
        line: the line.
        listing: the list, for messages.

    Raises:
        InputFileError: the line leads out of the root, or to nothing.
    """
    try:
        path = Path(os.path.abspath(root / line))  # noqa: PTH100 - resolve() would follow links
        leads_out = Path(os.path.abspath(root)) not in path.parents  # noqa: PTH100
        is_there = leads_out or path.exists()
    except (OSError, ValueError) as error:  # a NUL, or a line longer than any name
        raise InputFileError(f"{listing}: '{line[:80]}' is no path: {error}") from error
    if leads_out:
        raise InputFileError(f"{listing}: '{line}' leads out of {root}, {_ITS_ROOT}")
    if not is_there:
        raise InputFileError(f"{listing} names {path}, which is not there; {root} is {_ITS_ROOT}")
    return path
