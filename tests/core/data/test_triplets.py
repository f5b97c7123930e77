# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.data.readers.triplets import neighbours_in, read_wide_triplet
from depth_completion_core.data.sample import DataError
from depth_completion_core.files.output_files import write_picture


@pytest.mark.parametrize("length", [0, 1, 2, 6, 7, 20])
@pytest.mark.parametrize("offset", [1, 3])
def test_neighbours_by_hand(length: int, offset: int) -> None:
    frames = [f"{number:03d}" for number in range(length)]
    expected = {
        frames[index]: (frames[index - offset], frames[index + offset])
        for index in range(length)
        if index - offset >= 0 and index + offset < length
    }
    assert neighbours_in(frames, offset) == expected


def test_no_neighbours_at_no_distance() -> None:
    with pytest.raises(ValueError, match="1 or more frames away"):
        neighbours_in(["a"], 0)


def test_wide_pictures(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (3, 5, 7, 3), dtype=np.uint8)
    write_picture(tmp_path / "wide.png", np.concatenate(list(images), axis=1))
    triplet = read_wide_triplet(tmp_path / "wide.png")
    for found, expected in zip((triplet.before, triplet.image, triplet.after), images, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_width_not_divisible_by_three(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", np.zeros((4, 10, 3), dtype=np.uint8))
    with pytest.raises(DataError, match=r"a\.png is 10x4 pixels, and 10 is not divisible by 3"):
        read_wide_triplet(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"b\.png"):
        read_wide_triplet(tmp_path / "b.png")
