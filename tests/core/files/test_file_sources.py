# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from depth_completion_core.files.file_sources import files_in, files_of, lines_of, path_inside
from depth_completion_core.files.input_files import IMAGE_TYPES, InputFileError


def test_files_of_a_file_a_folder_and_a_list(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg", "notes.md"):
        (tmp_path / name).write_bytes(b"x")
    listing = tmp_path / "list.txt"
    listing.write_text("b.png\n\na.jpg\n\n", encoding="utf-8")
    one = tmp_path / "b.png"
    assert files_of(one, IMAGE_TYPES, root=tmp_path).files == (one,)
    folder = files_of(tmp_path, IMAGE_TYPES, root=tmp_path)
    assert [path.name for path in folder.files] == ["a.jpg", "b.png"]
    listed = files_of(listing, IMAGE_TYPES, root=tmp_path)
    assert [path.name for path in listed.files] == ["b.png", "a.jpg"]
    assert listed.lines == (1, 3)


def test_lists_stay_inside_their_root(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "secret.png").write_bytes(b"x")
    listing = tmp_path / "root" / "list.txt"
    for line in ("../secret.png", str(tmp_path / "secret.png")):
        listing.write_text(line, encoding="utf-8")
        with pytest.raises(InputFileError, match=r"leads out.*--root"):
            files_of(listing, IMAGE_TYPES, root=tmp_path / "root")
    listing.write_text("missing.png", encoding="utf-8")
    with pytest.raises(InputFileError, match="which is not there"):
        files_of(listing, IMAGE_TYPES, root=tmp_path / "root")


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="holds no"):
        files_of(tmp_path, IMAGE_TYPES, root=tmp_path)
    with pytest.raises(InputFileError, match="there is no file or folder"):
        files_of(tmp_path / "x", IMAGE_TYPES, root=tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lists_with_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "list.txt").write_text("b.png\r\n ä.png \r\n", encoding=encoding, newline="")
    assert lines_of(tmp_path / "list.txt") == ["b.png", "ä.png"]


def test_lines_that_are_no_paths(tmp_path: Path) -> None:
    for line in ("a\0b.png", 5000 * "x"):
        with pytest.raises(InputFileError, match=r"list\.txt"):
            path_inside(tmp_path, line, tmp_path / "list.txt")


@pytest.mark.parametrize(
    "names",
    [
        ["1.png", "2.png", "10.png"],
        ["1305031102.15.png", "1305031102.5.png", "1305031103.1.png"],
        ["a2.jpg", "a10.png", "b1.png"],
        ["01.png", "1.png", "x.png"],
    ],
)
def test_frames_are_in_the_order_of_their_numbers(tmp_path: Path, names: list[str]) -> None:
    for name in reversed(names):
        (tmp_path / name).touch()
    assert [path.name for path in files_in(tmp_path, IMAGE_TYPES)] == names
