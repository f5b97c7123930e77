# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The frames of a sequence: their files, and which of them have neighbours."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def numbered_files(folder: Path, suffix: str) -> list[Path]:
    """The files NUMBER.suffix of a folder by number; others, such as ._0.png, are not looked at."""
    found = (path for path in folder.glob(f"*{suffix}") if path.stem.isdigit())
    return sorted(found, key=lambda path: int(path.stem))


def numbered_images(folder: Path) -> list[Path]:
    """The images NUMBER.png of a folder by number; NUMBER.jpg where there are none.

    KITTI's images are PNG, and often kept as JPEG, which takes a sixth of the space.
    """
    return numbered_files(folder, ".png") or numbered_files(folder, ".jpg")


def neighbours_in(sequence: Sequence[T], distance: int) -> dict[T, tuple[T, T]]:
    """For each frame those ``distance`` before and after it; none for frames nearer to an end.

    Args:
        sequence: all frames of one drive, in order of time.
        distance: how many frames away, at least 1.

    Raises:
        ValueError: the distance is less than 1.
    """
    if distance < 1:
        raise ValueError(f"neighbours are 1 or more frames away, {distance} was asked for")
    middle = sequence[distance:-distance]
    return dict(zip(middle, zip(sequence, sequence[2 * distance :], strict=False), strict=False))


def with_neighbours(sequence: Sequence[T], distance: int) -> list[tuple[T, tuple[T, ...]]]:
    """Each frame with those at an offset before and after it; frames that lack one are left out.

    Args:
        sequence: all frames of one drive, in order of time.
        distance: how many frames away; 0 for all frames, and no neighbours.
    """
    if distance == 0:
        return [(frame, ()) for frame in sequence]
    return list(neighbours_in(sequence, distance).items())


def unbroken_runs(frames: Sequence[Path]) -> Iterator[list[Path]]:
    """Cut a sequence of files NUMBER.png, in order, wherever a number is missing."""
    start = 0
    for end in range(1, len(frames) + 1):
        if end == len(frames) or int(frames[end].stem) != int(frames[end - 1].stem) + 1:
            yield list(frames[start:end])
            start = end
