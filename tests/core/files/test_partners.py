# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from depth_completion_core.files.input_files import InputFileError
from depth_completion_core.files.partners import disagreement, partners_by_name


def _paths(*names: str) -> list[Path]:
    return [Path(name) for name in names]


@pytest.mark.parametrize(
    ("images", "others", "expected"),
    [
        ("i/1.jpg i/2.jpg", "d/2.png d/0.png d/1.png", "d/1.png d/2.png"),
        ("1.png 2.png 10.png", "000001.png 000002.png 000010.png", None),
        ("rgb_01.png rgb_02.png", "depth_2.png depth_1.png", "depth_1.png depth_2.png"),
        ("d_0002_image_05.png", "d_0002_velodyne_raw_05.png", None),
        ("15.5.png 15.05.png", "15.05.npy 15.5.npy", "15.5.npy 15.05.npy"),
    ],
)
def test_by_name_or_by_the_numbers_in_it(images: str, others: str, expected: str | None) -> None:
    found = partners_by_name(_paths(*images.split()), _paths(*others.split()), "depth")
    assert found.files == _paths(*(expected or others).split())
    assert set(found.unused) == {path.name for path in {*_paths(*others.split())} - {*found.files}}
    assert found.by_numbers == (images.split(maxsplit=1)[0][:3] != "i/1" and images[:4] != "15.5")


@pytest.mark.parametrize(
    ("images", "others", "words"),
    [
        ("1.jpg 2.jpg", "0.png 1.png", r"none of 2 files of depth .* belongs to 2\.jpg"),
        ("a.jpg b.jpg", "c.png d.png", r"belongs to a\.jpg.*or by the numbers in their names"),
        ("1.jpg", "1.png 1.npy", r"1\.jpg has 2 files of depth: 1\.png, 1\.npy; keep one"),
        ("1.jpg", "01.png 001.png", r"1\.jpg has 2 files of depth"),
        ("l_1.jpg r_1.jpg", "1.png 2.png", r"belongs to l_1\.jpg"),
        ("a/1.jpg b/1.jpg", "1.png 2.png", "some have one name"),
        ("15.05.jpg", "15.5.png", r"belongs to 15\.05\.jpg"),
    ],
)
def test_names_that_do_not_tell_are_refused(images: str, others: str, words: str) -> None:
    with pytest.raises(InputFileError, match=words):
        partners_by_name(_paths(*images.split()), _paths(*others.split()), "depth")


@pytest.mark.parametrize(
    ("images", "others"),
    [
        ("a/rgb/1.png b/rgb/1.png", "a/depth/1.png b/depth/1.png"),
        ("a/rgb/1.png a/rgb/2.png", "depth/000001.npy depth/000002.npy"),
        (
            "d1/image_02/5.png d2/image_03/5.png",
            "train/d1/raw/image_02/5.png d2/raw/image_03/5.png",
        ),
        ("1.png", "1.png"),
    ],
)
def test_lines_of_the_same_frames_agree(images: str, others: str) -> None:
    assert disagreement(_paths(*images.split()), _paths(*others.split())) is None


@pytest.mark.parametrize(
    ("images", "others", "line"),
    [
        ("a/1.png a/2.png", "a/1.png a/3.png", 1),
        ("a/1550.5.png a/1551.5.png", "d/1551.5.png d/1550.5.png", 0),
        ("a/rgb/1.png b/rgb/1.png", "b/depth/1.png a/depth/1.png", 0),
        ("a/rgb/1.png b/rgb/1.png", "a/depth/1.png a/depth/1.png", 1),
        ("d1/image_02/5.png d1/image_03/5.png", "d1/raw/image_02/5.png d1/raw/image_02/5.png", 1),
    ],
)
def test_lines_of_other_frames_do_not(images: str, others: str, line: int) -> None:
    found = disagreement(_paths(*images.split()), _paths(*others.split()))
    assert found is not None
    assert found.line == line


def test_intrinsics_may_be_of_several_frames() -> None:
    images = _paths("a/rgb/1.png", "a/rgb/2.png", "b/rgb/1.png")
    for shared in ("a/K.txt a/K.txt b/K.txt", "K.npy K.npy K.npy", "a.txt a.txt b.txt"):
        assert disagreement(images, _paths(*shared.split()), may_share=True) is None
    for wrong in ("a/K.txt b/K.txt b/K.txt", "a.txt b.txt b.txt", "K1.npy K3.npy K2.npy"):
        found = disagreement(images, _paths(*wrong.split()), may_share=True)
        assert found is not None
        assert found.line == 1
