# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a rename promises: on the disk before it has its name, and the old one until then."""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from depth_completion_core.files.atomic import (
    PARTIAL,
    WriteError,
    flush_tree,
    put_in_place,
    remove_partial,
    write_text,
    write_whole,
)

_REAL_FSYNC = os.fsync


class _Flushes:
    """Everything that was flushed, in order, and what stood at a path meanwhile.

    Attributes:
        seen: (inode, size, whether it is a folder, whether the path had its new content).
    """

    def __init__(self, path: Path, new: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[int, int, bool, bool]] = []
        self._path, self._new = path, new
        monkeypatch.setattr(os, "fsync", self._fsync)

    def _fsync(self, handle: int) -> None:
        about = os.fstat(handle)
        there = self._path.is_file() and self._path.read_bytes() == self._new
        is_folder = stat.S_ISDIR(about.st_mode)
        self.seen.append((about.st_ino, about.st_size, is_folder, there))
        _REAL_FSYNC(handle)


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flushing tells what writing did not: the disk has no room."""

    def fsync(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)


def _names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def test_a_file_is_flushed_before_its_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    flushes = _Flushes(path, b"new content", monkeypatch)
    write_whole(path, b"new content")
    file, folder = flushes.seen
    assert file == (path.stat().st_ino, len(b"new content"), False, False)
    assert (folder[0], *folder[2:]) == (tmp_path.stat().st_ino, True, True)
    assert _names(tmp_path) == ["a"]


def test_new_folders_are_flushed_into_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b" / "c" / "a"
    flushes = _Flushes(path, b"x", monkeypatch)
    write_text(path, "x")
    flushed = {inode for inode, _, is_folder, _ in flushes.seen if is_folder}
    assert flushed == {each.stat().st_ino for each in (tmp_path, path.parent, path.parent.parent)}


def test_a_file_system_that_flushes_no_folders_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(os, "fsync", fsync)
    write_whole(tmp_path / "a", b"x")
    assert (tmp_path / "a").read_bytes() == b"x"


@pytest.mark.usefixtures("full_disk")
def test_an_older_file_survives_a_disk_that_fills_up(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(WriteError) as caught:
        write_whole(path, b"new")
    assert str(caught.value) == (
        f"{path} cannot be written: No space left on device; what was there is unchanged"
    )
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == b"old"
    assert _names(tmp_path) == ["a"]


def test_a_file_that_grows_too_large_leaves_nothing(tmp_path: Path) -> None:
    """The kernel itself stops this one half-way."""
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from depth_completion_core.files.atomic import write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (1000, {resource.RLIM_INFINITY}))\n"
        "try: write_whole(Path(sys.argv[1]), bytes(5000))\n"
        "except OSError as error: print(error.errno)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "a.bin")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == errno.EFBIG
    assert _names(tmp_path) == []


def test_a_rename_that_fails_leaves_the_older_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(source))

    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(WriteError, match=r"/a cannot be written: Permission denied"):
        write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert _names(tmp_path) == ["a"]


def test_an_interrupted_write_leaves_the_older_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(handle: int) -> None:
        raise KeyboardInterrupt

    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert _names(tmp_path) == ["a"]


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    """Root may rename over /dev/null."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(WriteError, match=rf"/{name} cannot be written: it is a folder or a"):
            write_whole(tmp_path / name, b"x")
    assert (tmp_path / "pipe").is_fifo()
    assert _names(tmp_path) == ["folder", "pipe"]


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(WriteError, match=r"/a/b cannot be written: "):
        write_whole(tmp_path / "a" / "b", b"x")
    assert (tmp_path / "a").read_bytes() == b"old"


def test_writers_at_once_do_not_mix(tmp_path: Path) -> None:
    contents = [bytes([number]) * 200_000 for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda content: write_whole(tmp_path / "a", content), contents))
    assert (tmp_path / "a").read_bytes() in contents
    assert _names(tmp_path) == ["a"]


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from depth_completion_core.files.atomic import write_whole\n"
        "os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_whole(Path(sys.argv[1]), b'new')\n"
    )
    (tmp_path / "a").write_bytes(b"old")
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "a")], check=False)
    (partial,) = (item for item in tmp_path.iterdir() if item.name != "a")
    assert partial.match(f".a.*{PARTIAL}")
    remove_partial(tmp_path)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert _names(tmp_path) == ["a"]


# Finished files and folders.


def _tree(folder: Path, text: str) -> Path:
    (folder / "in").mkdir(parents=True)
    (folder / "data").write_text(text, encoding="utf-8")
    (folder / "in" / "more").write_text(text, encoding="utf-8")
    return folder


def test_a_folder_is_flushed_before_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished, path = _tree(tmp_path / "work", "new"), tmp_path / "bag"
    flushes = _Flushes(path / "data", b"new", monkeypatch)
    put_in_place(finished, path)
    assert _names(tmp_path) == ["bag"]
    before = {inode for inode, _, _, there in flushes.seen if not there}
    assert before == {each.stat().st_ino for each in (path, *path.rglob("*"))}
    after = [inode for inode, _, _, there in flushes.seen if there]
    assert after == [tmp_path.stat().st_ino]


@pytest.mark.parametrize("is_folder", [True, False])
@pytest.mark.parametrize("was_folder", [True, False])
def test_the_new_one_replaces_the_old_one(
    tmp_path: Path, is_folder: bool, was_folder: bool
) -> None:
    def made(name: str, text: str, as_folder: bool) -> Path:
        if as_folder:
            return _tree(tmp_path / name, text)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    path = made("bag", "old", was_folder)
    put_in_place(made("work", "new", is_folder), path)
    found = path / "data" if is_folder else path
    assert found.read_text(encoding="utf-8") == "new"
    assert _names(tmp_path) == ["bag"]


@pytest.mark.parametrize("is_folder", [True, False])
def test_the_old_folder_comes_back_where_the_new_one_cannot_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_folder: bool
) -> None:
    path = _tree(tmp_path / "bag", "old")
    finished = tmp_path / "work"
    _tree(finished, "new") if is_folder else finished.write_bytes(b"new")
    rename = Path.rename

    def fail(source: Path, target: Path) -> Path:
        if source == finished:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="Input/output"):
        put_in_place(finished, path)
    assert (path / "data").read_text(encoding="utf-8") == "old"
    assert _names(tmp_path) == ["bag", "work"]


@pytest.mark.usefixtures("full_disk")
def test_the_old_folder_stays_where_the_new_one_does_not_reach_the_disk(tmp_path: Path) -> None:
    path = _tree(tmp_path / "bag", "old")
    with pytest.raises(OSError, match="No space left"):
        put_in_place(_tree(tmp_path / "work", "new"), path)
    assert (path / "data").read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_full_disk_names_what_was_to_be_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_folder: bool
) -> None:
    finished = tmp_path / "finished"
    if is_folder:
        finished.mkdir()
    (finished / "a" if is_folder else finished).write_text("new", encoding="utf-8")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match=r"/out cannot be written: No space left on device"):
        put_in_place(finished, tmp_path / "out")


def test_a_folder_is_flushed_with_all_that_is_in_it_and_nothing_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, outside = tmp_path / "in", tmp_path / "out.txt"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "empty").mkdir()
    outside.touch()
    for number in range(40):
        (folder / "a" / f"{number}.txt").write_bytes(b"1")
    (folder / "a" / "b" / "other").hardlink_to(folder / "a" / "0.txt")
    (folder / "link").symlink_to(outside)
    (folder / "link_to_folder").symlink_to(tmp_path)
    flushes = _Flushes(outside, b"", monkeypatch)
    flush_tree(folder)
    inside = [folder, *(path for path in folder.rglob("*") if not path.is_symlink())]
    flushed = [inode for inode, *_ in flushes.seen]
    assert sorted(flushed) == sorted({path.stat().st_ino for path in inside})
    is_folder = [kind for _, _, kind, _ in flushes.seen]
    assert is_folder == sorted(is_folder)  # names count only once what they name is there
