# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from depth_completion_core.data.readers.lists import (
    check_same_frames,
    check_unique,
    listed_path,
    read_list,
    read_parallel,
)
from depth_completion_core.data.sample import DataError


def _list(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_empty_lines_are_skipped_and_remarks_after_one_are_not_read(tmp_path: Path) -> None:
    assert read_list(_list(tmp_path, "a.txt", "x", " y ", "", "remarks", "")) == ["x", "y"]
    lines = ("", "a/1", "", " ", "a/2", "a/3", "", "See https://a.b/c for the others.", "")
    assert read_list(_list(tmp_path, "a.txt", *lines)) == ["a/1", "a/2", "a/3"]
    spaced = ("my disk/1.png", "", "my disk/2.png")
    assert read_list(_list(tmp_path, "a.txt", *spaced)) == ["my disk/1.png", "my disk/2.png"]
    assert read_list(_list(tmp_path, "b.txt", "x", "y")) == ["x", "y"]
    with pytest.raises(DataError, match=r"c\.txt is empty, expected one path per line"):
        read_list(_list(tmp_path, "c.txt", "", " ", ""))
    with pytest.raises(DataError, match=r"d\.txt"):
        read_list(tmp_path / "d.txt")
    (tmp_path / "e.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"e\.txt"):
        read_list(tmp_path / "e.txt")


def test_parallel_lists_are_equally_long(tmp_path: Path) -> None:
    image = _list(tmp_path, "image.txt", "1", "2", "3")
    depth = _list(tmp_path, "depth.txt", "a", "b", "")
    assert read_parallel({"image": image}) == {"image": ["1", "2", "3"]}
    words = r"depth\.txt lists 2 paths, expected 3 as in image\.txt"
    with pytest.raises(DataError, match=words):
        read_parallel({"image": image, "depth": depth})


def test_lines_stay_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a" / "1.png").touch()
    (tmp_path / "2.png").touch()
    listing = root / "list.txt"
    assert listed_path(root, "a/1.png", listing).samefile(root / "a" / "1.png")
    monkeypatch.chdir(root)
    for relative in (root, Path()):
        for line in ("../2.png", "a/../../2.png", str(tmp_path / "2.png"), "."):
            with pytest.raises(DataError, match="leads out of"):
                listed_path(relative, line, listing)
    with pytest.raises(DataError, match=r"list\.txt names .*3\.png, which is not there"):
        listed_path(root, "a/3.png", listing)


def test_links_of_the_folders_keeper_are_followed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "1.png").touch()
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "data").symlink_to(tmp_path / "disk")
    path = listed_path(tmp_path / "root", "data/1.png", tmp_path / "list.txt")
    assert path.samefile(tmp_path / "disk" / "1.png")


def test_names_twice(tmp_path: Path) -> None:
    check_unique(["a", "b"], tmp_path)
    check_unique([], tmp_path)
    with pytest.raises(DataError, match="names the sample 'a' 2 times"):
        check_unique(["b", "a", "a"], tmp_path)


def test_parallel_lists_are_in_one_order() -> None:
    listings = {what: Path(f"{what}.txt") for what in ("image", "depth", "K")}
    right = {
        "image": ["a/rgb/1.5.png", "a/rgb/2.5.png", "b/rgb/1.5.png"],
        "depth": ["a/d/1.5.png", "a/d/2.5.png", "b/d/1.5.png"],
        "K": ["a/K.txt", "a/K.txt", "b/K.txt"],
    }
    check_same_frames(listings, right, shared=["K"])
    check_same_frames({}, {"image": right["image"]}, shared=[])
    for what, order, words in (
        ("depth", (0, 2, 1), r"path 2 of image\.txt is a/.*2 of depth\.txt is b/"),
        ("depth", (1, 0, 2), r"path 1 of .*their names differ"),
        ("K", (0, 2, 1), r"path 2 of image\.txt is .* path 2 of K\.txt is b/K\.txt"),
    ):
        wrong = {**right, what: [right[what][place] for place in order]}
        with pytest.raises(DataError, match=words):
            check_same_frames(listings, wrong, shared=["K"])
