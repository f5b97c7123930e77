# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A set whose writing was stopped, by whatever, goes on and ends the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from depth_completion_core.files.atomic import put_in_place
from rosbag_tools.to_dataset import main
from rosbag_tools.void_sets.journal import Journal
from tests.bags.bag_factory import write_ros2
from tests.bags.program import exit_code
from tests.bags.truth_bag import recording
from tests.file_size_limit import file_size_limit

_ROOT = Path(__file__).resolve().parents[2]
_FRAMES = 8

# Killed in the middle of a file, as by kill -9: nothing of the process runs any more.
_KILLED = """
import os, signal, sys
from pathlib import Path
from rosbag_tools.void_sets import frame_files
whole = frame_files._write
def half(path, content):
    if path.parent.name == "validity_map" and path.stem.endswith("0.5000"):
        path.write_bytes(content[: len(content) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(path, content)
frame_files._write = half
from rosbag_tools.to_dataset import main
main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ros2(tmp_path_factory.mktemp("bag") / "hall", recording(_FRAMES))


@pytest.fixture(scope="module")
def whole(bag: Path) -> dict[str, bytes]:
    """What a run writes that nobody stops."""
    out = bag.parent / "whole"
    assert exit_code(main, *_arguments(bag, out)) == 0
    return contents(out)


def contents(folder: Path) -> dict[str, bytes]:
    """Everything below a folder, hidden things too, but the page that names the folder itself."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "report.html"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _arguments(bag: Path, out: Path) -> list[str]:
    return [str(bag), "--out", str(out), "--densities", "20", "100"]


def test_after_a_kill_in_the_middle_of_a_file(
    bag: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, *_arguments(bag, out)], cwd=_ROOT, check=False
    )
    assert done.returncode == -9
    assert [path.name for path in out.iterdir()] == [".partial"]
    journal = (out / ".partial" / "hall" / "journal.jsonl").read_text().splitlines()
    names = [json.loads(line)["name"] for line in journal]
    assert 1 <= len(names) <= 5
    partial = out / ".partial" / "hall" / "void_20" / "image"
    written_at = {name: (partial / f"{name}.png").stat().st_mtime_ns for name in names}

    assert exit_code(main, *_arguments(bag, out)) == 0
    assert contents(out) == whole
    images = out / "void_20" / "data" / "hall" / "image"
    for name, before in written_at.items():  # not done again
        assert (images / f"{name}.png").stat().st_mtime_ns == before


def test_after_a_power_cut_that_lost_files(
    bag: Path, whole: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal has the line, but of a file nothing has reached the disk."""
    _stopped_after(bag, tmp_path / "out", 5, monkeypatch)
    lost = tmp_path / "out" / ".partial" / "hall" / "void_100" / "sparse_depth"
    (lost / "1700000000.2000.png").write_bytes(b"")
    assert exit_code(main, *_arguments(bag, tmp_path / "out")) == 0
    assert contents(tmp_path / "out") == whole


def test_ctrl_c_keeps_what_is_done(
    bag: Path,
    whole: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _stopped_after(bag, tmp_path / "out", 3, monkeypatch)
    told = capsys.readouterr().err
    assert "interrupted in hall: the same command goes on from there" in told
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".partial"]
    assert exit_code(main, *_arguments(bag, tmp_path / "out")) == 0
    assert contents(tmp_path / "out") == whole


def test_stopped_while_the_folders_are_put_in_place(
    bag: Path, whole: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed: list[Path] = []

    def once(finished: Path, path: Path, *, is_flushed: bool) -> None:
        if placed:
            raise KeyboardInterrupt
        placed.append(path)
        put_in_place(finished, path, is_flushed=is_flushed)

    monkeypatch.setattr("rosbag_tools.void_sets.sequence_folder.put_in_place", once)
    assert exit_code(main, *_arguments(bag, tmp_path / "out")) == 130
    assert len(placed) == 1
    monkeypatch.undo()
    assert exit_code(main, *_arguments(bag, tmp_path / "out")) == 0
    assert contents(tmp_path / "out") == whole


def test_a_full_disk_is_named_and_leaves_no_set(
    bag: Path, whole: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    with file_size_limit(6000):  # images are larger
        assert exit_code(main, *_arguments(bag, out)) == 1
    told = capsys.readouterr().err
    assert f"no room left in {out} (File too large)" in told
    assert "the same command goes on from where it was" in told
    assert not out.exists()  # not one frame fitted
    assert exit_code(main, *_arguments(bag, out)) == 0
    assert contents(out) == whole


def test_a_finished_sequence_is_left_as_it_is(
    bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert exit_code(main, *_arguments(bag, out)) == 0
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert exit_code(main, *_arguments(bag, out)) == 0
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.png")} == before
    assert "hall is there already: 8 frames" in capsys.readouterr().out


def test_other_settings_are_refused_until_overwrite(
    bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert exit_code(main, *_arguments(bag, out)) == 0
    assert exit_code(main, *_arguments(bag, out), "--seed", 7) == 1
    assert "seed was 0, is 7" in capsys.readouterr().err
    before = contents(out)
    assert exit_code(main, *_arguments(bag, out), "--seed", 7, "--overwrite") == 0
    after = contents(out)
    assert before.keys() == after.keys()
    changed = {
        path.split("/")[3]
        for path in after
        if path.endswith(".png") and before[path] != after[path]
    }
    assert changed == {"sparse_depth", "validity_map"}


def _stopped_after(bag: Path, out: Path, frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C when so many frames are in the journal."""
    add = Journal.add

    def add_some(journal: Journal, record: dict[str, object]) -> None:
        if record["number"] == frames:
            raise KeyboardInterrupt
        add(journal, record)

    monkeypatch.setattr(Journal, "add", add_some)
    assert exit_code(main, *_arguments(bag, out)) == 130
    monkeypatch.undo()
