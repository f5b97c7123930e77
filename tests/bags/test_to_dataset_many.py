# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A set of many recordings is the same to the byte however they were divided."""

from __future__ import annotations

from pathlib import Path

import pytest

from rosbag_tools.errors import BagError
from rosbag_tools.to_dataset import main
from tests.bags.bag_factory import IMAGE_TOPIC, without, write_ros1, write_ros2
from tests.bags.program import exit_code
from tests.bags.truth_bag import recording

_FLAGS = ["--densities", "20", "100", "--test", "yard"]


@pytest.fixture(scope="module")
def bags(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Three recordings, one of them without images."""
    folder = tmp_path_factory.mktemp("bags")
    paths = [
        write_ros2(folder / "hall", recording(3)),
        write_ros1(folder / "yard.bag", recording(2)),
        write_ros2(folder / "blind", without(recording(2), IMAGE_TOPIC)),
    ]
    return [str(path) for path in paths]


@pytest.fixture(scope="module")
def reference(bags: list[str]) -> dict[str, bytes]:
    """What is written one after the other, in this process."""
    out = Path(bags[0]).parent / "reference"
    assert main([*bags, "--out", str(out), *_FLAGS]) == 1
    return _contents(out)


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_another_process_writes_the_same(
    bags: list[str],
    reference: dict[str, bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    assert main([*bags[::-1], "--out", str(out), "--jobs", "1", *_FLAGS]) == 1
    told = capsys.readouterr()
    assert "hall: 3 of 3 images" in told.out
    assert "error: blind: " in told.err
    assert _contents(out) == reference


def test_shards_write_the_same(
    bags: list[str],
    reference: dict[str, bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    words = [*bags, "--out", str(out), *_FLAGS]
    assert main([*words, "--shard", "1/2"]) == 1  # blind and yard
    assert "--merge" in capsys.readouterr().out
    assert not (out / "manifest.json").exists()
    assert main([*words, "--shard", "2/2"]) == 0
    assert main([*words, "--merge"]) == 1
    assert "not finished, and not in the set: blind" in capsys.readouterr().err
    assert _contents(out) == reference


def test_what_was_tested_on_stays_so_unless_told_otherwise(
    bags: list[str],
    reference: dict[str, bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    for path, content in reference.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(content)
    words = [*bags[:2], "--out", str(out), "--densities", "20", "100"]
    assert main(words) == 0
    assert "test         as before: yard; --test NAME... says otherwise" in capsys.readouterr().out
    assert _contents(out) == reference
    assert main([*words, "--test", "hall"]) == 0
    assert "warning      yard tested so far and train from now on" in capsys.readouterr().out
    lists = {split: (out / f"void_20/{split}_image.txt").read_text() for split in ("train", "test")}
    assert ("/yard/" in lists["train"], "/hall/" in lists["test"]) == (True, True)
    assert ("/yard/" in lists["test"], "/hall/" in lists["train"]) == (False, False)


def test_a_shard_may_be_empty(bags: list[str], tmp_path: Path) -> None:
    assert main([bags[0], "--out", str(tmp_path / "out"), "--shard", "2/2"]) == 0
    assert not (tmp_path / "out").exists()


def test_nothing_is_merged_where_nothing_was_written(bags: list[str], tmp_path: Path) -> None:
    assert exit_code(main, bags[0], "--out", tmp_path / "out", "--merge") == 1
    with pytest.raises(BagError, match="--dry-run"):
        main([bags[0], "--out", str(tmp_path / "out"), "--merge", "--dry-run"])
