# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lists of samples that are left out, by name or by KITTI's date, drive and number."""

from __future__ import annotations

from pathlib import Path

import pytest

from depth_completion_core.data.leaving_out import left_out
from depth_completion_core.data.sample import DataError
from depth_completion_core.training.feeds.requirements import Requirements
from tests.core.training.tiny import PlaneSource

_DRIVE = "2011_09_26_drive_0001_sync"
_KITTI = [
    f"2011_09_26/{_DRIVE}/image_02/0000000005",  # kitti_raw
    f"{_DRIVE}/image_03/0000000005",  # kitti_depth
    f"data/raw/2011_09_26/{_DRIVE}/image_02/data/0000000005",  # scaffnet_lists
    f"{_DRIVE}/image_02/0000000006",
    "2011_09_26_drive_0002_sync/image_02/0000000005",
]


def _list(folder: Path, text: str) -> Path:
    path = folder / "static.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_samples_are_left_out_by_their_names(tmp_path: Path) -> None:
    listing = _list(tmp_path, "# stands at the light\nb/2\n\na/1\nz/9\n")
    found = left_out(["a/1", "a/2", "b/1", "b/2"], listing)
    assert found.kept == [1, 2]
    assert found.note.startswith("2 of 4 samples are left out")
    assert found.note.endswith("; 1 of its names are of no sample")


def test_static_frames_of_kitti_are_those_of_every_camera(tmp_path: Path) -> None:
    listing = _list(tmp_path, f"2011_09_26 {_DRIVE} 0000000005\n2011_09_28 other_sync 7\n")
    found = left_out(_KITTI, listing)
    assert found.kept == [3, 4]
    assert found.note.startswith("3 of 5 samples are left out")


def test_a_list_of_static_frames_of_other_drives_leaves_all(tmp_path: Path) -> None:
    found = left_out(_KITTI[3:], _list(tmp_path, f"2011_09_26 {_DRIVE} 0000000005\n"))
    assert found.kept == [0, 1]
    assert found.note.startswith("0 of 2 samples")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c/1\n", r"names none of the 2 samples: it begins with 'c/1', a sample is called 'a/1'"),
        ("a/1\na/2\n", "names all 2 samples"),
        ("# nothing\n", "is empty"),
        ("2011_09_26 drive 5\na/1\n", "'a/1', expected DATE DRIVE NUMBER"),
    ],
)
def test_lists_that_cannot_be_meant_are_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        left_out(["a/1", "a/2"], _list(tmp_path, text))


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read the list .*nowhere.txt"):
        left_out(["a/1"], tmp_path / "nowhere.txt")


def test_a_feed_leaves_them_out_and_says_so(tmp_path: Path) -> None:
    listing = _list(tmp_path, "plane/0\nplane/3\n")
    feed = PlaneSource(leave_out=str(listing))
    samples = feed.samples(0, Requirements(names=()))
    names = [samples.batch_of(index).names[0] for index in range(len(samples))]
    assert names == [f"plane/{number}" for number in (1, 2, 4, 5, 6, 7, 8, 9, 10, 11)]
    assert samples.notes == (f"2 of 12 samples are left out, which {listing} names",)
    assert PlaneSource().samples(0, Requirements(names=())).notes == ()
