# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The images before and after one: from the sequence it stands in, or from one wide picture."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from depth_completion_core.data.readers.reading import rgb_of
from depth_completion_core.data.sample import DataError
from depth_completion_core.geometry.arrays import UInt8Array

T = TypeVar("T", bound=Hashable)


class Triplet(NamedTuple):
    """Three RGB images (H, W, 3) uint8 in the order of time."""

    before: UInt8Array
    image: UInt8Array
    after: UInt8Array


def neighbours_in(sequence: Sequence[T], offset: int) -> dict[T, tuple[T, T]]:
    """For each frame those ``offset`` before and after it; none for frames nearer to an end.

    Args:
        sequence: all frames of one drive, in order of time.
        offset: how many frames away, at least 1.

    Raises:
        ValueError: the offset is less than 1.
    """
    if offset < 1:
        raise ValueError(f"neighbours are 1 or more frames away, {offset} was asked for")
    middle = sequence[offset:-offset]
    return dict(zip(middle, zip(sequence, sequence[2 * offset :], strict=False), strict=False))


def read_wide_triplet(path: Path) -> Triplet:
    """Read a picture of three images side by side: [t-1, t, t+1].

    Raises:
        DataError: it is missing or damaged, or its width is not divisible by 3.
    """
    picture = rgb_of(path)
    height, width = picture.shape[:2]
    if width % 3:
        raise DataError(
            f"{path} is {width}x{height} pixels, and {width} is not divisible by 3: expected three "
            "images side by side [t-1, t, t+1]. Is it a single image? Then list it as one"
        )
    before, image, after = (np.ascontiguousarray(part) for part in np.split(picture, 3, axis=1))
    return Triplet(before, image, after)
