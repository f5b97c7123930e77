# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is replaced and removed: bags of these tools, whole, and what dead runs left of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from rosbag_tools.writer import BagWriter
from tests.bags.bag_factory import depths_of, drive, leftovers, write_bare, write_ros2
from tests.bags.program import exit_code
from tests.waiting_process import process_doing

_FLAGS = ("--device", "cpu", "--model", "nearest", "--max-frames", "1")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ros2(tmp_path_factory.mktemp("source") / "drive", drive(2))


def _kept(path: Path) -> dict[str, bytes]:
    files = [item for item in (path, *path.rglob("*")) if item.is_file()]
    return {str(item): item.read_bytes() for item in files}


def _our_bag_and_a_thesis(folder: Path) -> Path:
    with BagWriter(folder / "out"):
        pass
    (folder / "out" / "thesis.txt").write_text("years of work", encoding="utf-8")
    return folder / "out"


def _our_bag_and_a_folder(folder: Path) -> Path:
    with BagWriter(folder / "out"):
        pass
    (folder / "out" / "photos").mkdir()
    return folder / "out"


def _someone_elses_metadata(folder: Path) -> Path:
    (folder / "out").mkdir()
    (folder / "out" / "metadata.yaml").write_text("title: holidays\n", encoding="utf-8")
    return folder / "out"


def _text_with_a_bags_name(folder: Path) -> Path:
    (folder / "out.mcap").write_text("written_by: depth_completion_ros", encoding="utf-8")
    return folder / "out.mcap"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_our_bag_and_a_thesis, "holds 'thesis.txt', which the bag in it does not know"),
        (_our_bag_and_a_folder, "holds 'photos', which"),
        (_someone_elses_metadata, "holds a metadata.yaml that is none of a bag"),
        (_text_with_a_bags_name, "is no bag of ours"),
        (lambda folder: write_ros2(folder / "out", drive(1)), "is no bag of ours"),
        (lambda folder: write_bare(folder / "out.mcap", drive(1)), "is no bag of ours"),
        (lambda folder: write_bare(folder / "out.db3", drive(1)), "is no bag of ours"),
    ],
)
def test_only_whole_bags_of_ours_are_replaced(
    source: Path, tmp_path: Path, make: Callable[[Path], Path], reason: str
) -> None:
    path = make(tmp_path)
    before = _kept(path)
    with pytest.raises(BagError, match=rf"{reason}.*Give another name, or remove it yourself"):
        main([str(source), str(path), *_FLAGS, "--overwrite"])
    assert _kept(path) == before


@pytest.mark.parametrize("name", ["out", "out.mcap", "out.db3"])
def test_of_two_runs_to_one_new_path_the_first_to_end_stays(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    slow = BagWriter(path)
    slow.__enter__()
    with BagWriter(path):
        pass
    before = _kept(path)
    with pytest.raises(BagError, match="written by somebody else meanwhile: it is kept"):
        slow.__exit__(None, None, None)
    assert before
    assert _kept(path) == before
    assert leftovers(tmp_path) == []


def test_what_is_replaced_is_looked_at_again_at_the_end(tmp_path: Path) -> None:
    with (
        pytest.raises(BagError, match=r"'thesis\.txt'"),
        BagWriter(tmp_path / "out", overwrite=True),
    ):
        _our_bag_and_a_thesis(tmp_path)
    assert (tmp_path / "out" / "thesis.txt").exists()


_BEGIN = """
from pathlib import Path
from rosbag_tools.partial_folder import PartialFolder
folder = PartialFolder(Path(sys.argv[1]), "out")
"""


def test_what_a_killed_run_left_is_removed_and_a_living_ones_stays(tmp_path: Path) -> None:
    with process_doing(_BEGIN, tmp_path):
        pass
    assert len(leftovers(tmp_path)) == 1
    with process_doing(_BEGIN, tmp_path) as living, BagWriter(tmp_path / "out"):
        names = sorted(path.name.split("-")[1] for path in tmp_path.iterdir())
        assert names == sorted([str(living.pid), str(os.getpid())])


@pytest.mark.parametrize("flag", ["--metrics", "--preview"])
def test_a_result_is_never_written_to_an_input(
    tmp_path: Path, flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = write_bare(tmp_path / "drive.mcap", drive(1))
    before = bag.read_bytes()
    assert exit_code(main, bag, tmp_path / "out", *_FLAGS, flag, bag) == 1
    assert f"error: {flag} {bag} would write to the input" in capsys.readouterr().err
    assert bag.read_bytes() == before
    assert not (tmp_path / "out").exists()


def test_a_file_of_extrinsics_is_an_input(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mounts = tmp_path / "mounts.yaml"
    mounts.write_text("{}", encoding="utf-8")
    flags = ("--extrinsics", mounts, "--metrics", mounts)
    assert exit_code(main, source, tmp_path / "out", *_FLAGS, *flags) == 1
    assert "would write to the input" in capsys.readouterr().err
    assert mounts.read_text(encoding="utf-8") == "{}"


def test_pictures_do_not_go_into_the_bag_that_is_written(source: Path, tmp_path: Path) -> None:
    with pytest.raises(BagError, match="which is to be a bag"):
        main([str(source), str(tmp_path / "out"), *_FLAGS, "--preview", str(tmp_path / "out/p")])


def test_a_report_beside_the_output_is_written(source: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    assert main([str(source), str(tmp_path / "out"), *_FLAGS, "--metrics", str(report)]) == 0
    assert json.loads(report.read_text(encoding="utf-8"))["frames"] == 1
    assert len(depths_of(tmp_path / "out")) == 1
