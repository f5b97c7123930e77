# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A second run into the folder of a set: what does not go together is refused before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from rosbag_tools.to_dataset import main
from tests.bags.bag_factory import write_ros2
from tests.bags.program import exit_code
from tests.bags.truth_bag import recording


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ros2(tmp_path_factory.mktemp("bag") / "hall", recording(2))


@pytest.fixture
def out(bag: Path, tmp_path: Path) -> Path:
    """A set of one sequence with two densities."""
    assert exit_code(main, bag, "--out", tmp_path / "out", "--densities", 20, 50) == 0
    return tmp_path / "out"


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize("flags", [[], ["--dry-run"], ["--shard", "1/1"], ["--overwrite"]])
def test_another_density_is_refused_before_a_frame_is_written(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    """Written beside the others, it would leave a set whose lists nothing can write."""
    before = _names(out)
    new = write_ros2(tmp_path / "lab", recording(2))
    assert exit_code(main, new, "--out", out, "--densities", 30, *flags) == 1
    told = capsys.readouterr()
    assert "hall in" in told.err
    assert "has --densities 20 50, and 30 are asked for" in told.err
    assert _names(out) == before


def test_written_anew_with_other_densities_nothing_stale_is_left(bag: Path, out: Path) -> None:
    assert exit_code(main, bag, "--out", out, "--densities", 20, 30, "--overwrite") == 0
    fresh = out.parent / "fresh"
    assert exit_code(main, bag, "--out", fresh, "--densities", 20, 30) == 0
    assert _names(out) == _names(fresh)


def test_a_dry_run_refuses_what_the_run_would(
    bag: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [bag, "--out", out, "--densities", 20, 50, "--dry-run"]
    assert exit_code(main, *words, "--seed", 7) == 1
    assert "seed was 0, is 7" in capsys.readouterr().err
    assert exit_code(main, *words) == 0
    assert "hall is there already" in capsys.readouterr().out


def test_merge_says_which_settings_differ(
    bag: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [bag, "--out", out, "--densities", 20, 50, "--merge"]
    assert exit_code(main, *words) == 0
    assert exit_code(main, *words, "--seed", 7) == 1
    assert "seed was 0, is 7" in capsys.readouterr().err


def test_no_bag_at_all_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(main, "--out", tmp_path / "out") == 1
    assert "no bag is given" in capsys.readouterr().err


def test_an_output_that_cannot_be_a_folder_does_not_ask_for_room(
    bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    assert exit_code(main, bag, "--out", tmp_path / "file") == 1
    told = capsys.readouterr().err
    assert "cannot be written (Not a directory)" in told
    assert "room" not in told


def test_a_finished_sequence_that_lost_a_file_is_told(
    bag: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = next((out / "void_20" / "data" / "hall" / "sparse_depth").iterdir())
    lost.unlink()
    assert exit_code(main, bag, "--out", out, "--densities", 20, 50) == 1
    told = capsys.readouterr().err
    assert "1 files are gone" in told
    assert lost.name in told


def test_another_recording_of_the_same_name_is_told(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_ros2(tmp_path / "tuesday" / "hall", recording(3))
    assert exit_code(main, other, "--out", out, "--densities", 20, 50) == 1
    assert "another recording of this name" in capsys.readouterr().err
