# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Many recordings: the same bytes however they are divided, interrupted and gone on with."""

from __future__ import annotations

import _thread
import json
import multiprocessing
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from rosbag_tools.many.marks import Mark
from rosbag_tools.many.outcome import Outcome
from rosbag_tools.many_report import exit_code
from rosbag_tools.outputs import OutputWriter
from tests.bags.bag_factory import (
    CLOUD_TOPIC,
    drive,
    leftovers,
    read_bag,
    without,
    write_bare,
    write_ros2,
)
from tests.bags.killed_completions import complete_and_die
from tests.core.reports.read_page import ReadPage

_FLAGS = ["--device", "cpu", "--model", "nearest"]


@pytest.fixture(scope="module")
def bags(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Three drives, one of them without clouds."""
    folder = tmp_path_factory.mktemp("bags")
    paths = [
        write_ros2(folder / "drive0", drive(2)),
        write_bare(folder / "drive1.mcap", drive(3)),
        write_ros2(folder / "empty", without(drive(2), CLOUD_TOPIC)),
    ]
    return [str(path) for path in paths]


@pytest.fixture(scope="module")
def reference(bags: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One after the other, in this process."""
    out = tmp_path_factory.mktemp("reference") / "out"
    assert main([*bags, str(out), "--each", *_FLAGS]) == 1
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _report(out: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


def test_each_recording_gets_a_bag_and_a_place_in_the_report(
    bags: list[str], reference: Path, tmp_path: Path
) -> None:
    assert sorted(path.name for path in reference.iterdir()) == [
        ".marks",
        "drive0",
        "drive1",
        "report.json",
    ]
    assert main([bags[1], str(tmp_path / "drive1"), *_FLAGS]) == 0
    assert contents(tmp_path / "drive1") == contents(reference / "drive1")
    report = _report(reference)
    assert report["totals"] == {
        "recordings": 3,
        "failed": 1,
        "frames": 5,
        "images": 5,
        "drops": {},
    }
    drive0, _, empty = report["recordings"]
    assert (drive0["name"], drive0["inputs"], drive0["frames"]) == ("drive0", [bags[0]], 2)
    assert any(line.startswith("points ") for line in drive0["plan"])
    assert (empty["name"], "--points" in empty["error"]) == ("empty", True)


def test_a_page_over_all_leads_to_the_page_of_each(bags: list[str], tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    out, pages = tmp_path / "out", tmp_path / "pages"
    flags = ["--report", str(pages), "--holdout", "0.3", *_FLAGS]
    assert main([*bags, str(out), "--each", *flags]) == 1
    read = ReadPage((pages / "report.html").read_text(encoding="utf-8"))
    hrefs = [link["href"] for link in read.named("a")]
    assert hrefs == ["drive0/report.html", "drive1/report.html"]
    assert all((pages / str(href)).exists() for href in hrefs)
    assert read.texts["a"] == ["drive0", "drive1"]
    table = read.tables[0]
    columns = {heading: [row[n] for row in table[1:]] for n, heading in enumerate(table[0])}
    assert columns["frames"] == ["2", "3", "–"]
    assert columns["warnings"] == ["0", "0", "1"]
    report = _report(out)
    errors = [each["scores"]["mae_mm"] for each in report["recordings"][:2]]
    assert columns["MAE [mm]"] == [*(f"{error:.1f}" for error in errors), "–"]
    assert report["recordings"][2]["error"] in "".join(read.texts["li"])
    assert json.loads((pages / "summary.json").read_text()) == report


def test_processes_write_the_same(bags: list[str], reference: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main([*bags[::-1], str(out), "--jobs", "2", *_FLAGS]) == 1
    assert contents(out) == contents(reference)


def test_shards_write_the_same(
    bags: list[str], reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = [*bags, str(out), *_FLAGS]
    assert main([*words, "--shard", "2/2"]) == 0
    assert "--merge" in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == [".marks", "drive1"]
    with pytest.raises(BagError, match="2 of 3 recordings are not finished: drive0, empty"):
        main([*words, "--merge"])
    assert main([*words, "--shard", "1/2"]) == 1
    assert main([*words, "--merge"]) == 1
    assert contents(out) == contents(reference)


def test_a_run_that_was_killed_goes_on(bags: list[str], reference: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [*bags, str(out), "--each", *_FLAGS]
    run = multiprocessing.get_context("spawn").Process(
        target=complete_and_die, args=(words, "drive1")
    )
    run.start()
    run.join()
    assert run.exitcode == -9
    assert len(leftovers(out)) == 1
    assert sorted(path.name for path in out.iterdir())[-1] == "drive0"
    first = (out / "drive0" / "metadata.yaml").stat().st_mtime_ns
    assert main(words) == 1
    assert contents(out) == contents(reference)
    assert (out / "drive0" / "metadata.yaml").stat().st_mtime_ns == first


def test_an_output_that_was_whole_when_its_run_was_killed_is_made_anew(
    bags: list[str], reference: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(reference, tmp_path / "out")
    mark = out / ".marks" / "drive1.json"
    known = Mark.read(mark)
    assert known
    Mark(identity=known.identity).write(mark)
    assert main([*bags, str(out), "--each", *_FLAGS]) == 1
    assert contents(out) == contents(reference)


def test_other_settings_do_not_replace_what_is_there(
    bags: list[str], reference: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(reference, tmp_path / "out")
    words = [*bags[:2], str(out), "--each", *_FLAGS, "--max-frames", "1"]
    for how in ([], ["--merge"], ["--shard", "1/2"], ["--jobs", "2"]):
        with pytest.raises(BagError, match=r"settings\.max_frames was 0, is 1.*--overwrite"):
            main([*words, *how])
    assert contents(out) == contents(reference)
    assert main([*words, "--overwrite"]) == 0
    assert [each["frames"] for each in _report(out)["recordings"]] == [1, 1]


def test_outputs_that_were_changed_or_are_not_ours_are_not_replaced(
    bags: list[str], reference: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(reference, tmp_path / "out")
    (out / "drive0" / "metadata.yaml").write_text("changed")
    (out / ".marks" / "drive1.json").unlink()
    assert main([*bags[:2], str(out), "--each", *_FLAGS]) == 1
    errors = [each["error"] for each in _report(out)["recordings"]]
    assert "was changed since it was made" in errors[0]
    assert "exists already" in errors[1]


def test_what_failed_is_tried_again(bags: list[str], tmp_path: Path) -> None:
    bag, out = tmp_path / "drive", tmp_path / "out"
    words = [str(bag), str(out), "--each", *_FLAGS]
    assert main(words) == 1
    assert "there is no bag" in _report(out)["recordings"][0]["error"]
    shutil.copytree(bags[0], bag)
    assert main(words) == 0
    assert _report(out)["recordings"][0]["frames"] == 2


def test_ctrl_c_leaves_whole_bags_only(
    bags: list[str],
    reference: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    words = [*bags, str(out), "--each", *_FLAGS]
    write, written = OutputWriter.write, list[int]()

    def write_and_interrupt(self: OutputWriter, *given: Any) -> None:  # noqa: ANN401 - of write
        write(self, *given)
        written.append(1)
        if len(written) == 4:  # the second frame of drive1
            _thread.interrupt_main()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    try:
        with monkeypatch.context() as patched:
            patched.setattr(OutputWriter, "write", write_and_interrupt)
            assert main(words) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert "the same command goes on" in capsys.readouterr().err
    assert (out / "drive0").exists()
    assert not (out / "drive1").exists()
    assert leftovers(out) == []
    assert main(words) == 1
    assert contents(out) == contents(reference)
    assert len(read_bag(out / "drive1").messages("/depth/image")) == 3


@pytest.mark.parametrize(
    ("flags", "name", "words"),
    [
        (["--each"], "out.mcap", "is to be a folder"),
        (["--jobs", "2"], "drive0", "is a bag"),
        (["--jobs", "-1"], "out", "0 or more"),
        (["--shard", "1/2", "--merge"], "out", "without --shard"),
        (["--shard", "2"], "out", "i/n"),
        (["--each", "--gpus", "1"], "out", "--engine ray"),
        (["--threads", "2"], "out", "--each"),
        ([], "", "with --each it gets a bag for each of the 3 inputs"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    bags: list[str], tmp_path: Path, flags: list[str], name: str, words: str
) -> None:
    out = (Path(bags[0]).parent if name == "drive0" else tmp_path) / name
    with pytest.raises(BagError, match=words):
        main([*bags, str(out), *flags, *_FLAGS])


def test_an_output_is_never_an_input(bags: list[str]) -> None:
    folder = str(Path(bags[0]).parent)
    with pytest.raises(BagError, match="is an input too"):
        main([bags[0], folder, "--each", *_FLAGS])


@pytest.mark.parametrize(
    ("summaries", "code"),
    [
        ([{"damage": "", "doubts": []}], 0),
        ([{"damage": "", "doubts": []}, {"damage": "", "doubts": ["upside down"]}], 3),
        ([{"damage": "", "doubts": ["upside down"]}, {"damage": "cut off", "doubts": []}], 1),
        ([{"damage": "", "doubts": ["upside down"]}, None], 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst(
    summaries: list[dict[str, Any] | None], code: int
) -> None:
    assert exit_code([Outcome(name="drive", summary=summary) for summary in summaries]) == code
