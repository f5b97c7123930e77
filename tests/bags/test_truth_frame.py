# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""True depth of another camera, of the size of the images: no score and no set comes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from rosbag_tools.complete import main as complete
from rosbag_tools.export import main as export
from rosbag_tools.to_dataset import main as to_dataset
from tests.bags.bag_factory import Entry, write_bare
from tests.bags.program import exit_code
from tests.bags.truth_bag import TRUTH_TOPIC, recording

_Program = Callable[[list[str]], int]


def _of_frame(entry: Entry, frame_id: str) -> Entry:
    header = dataclasses.replace(entry.message.header, frame_id=frame_id)
    return dataclasses.replace(entry, message=dataclasses.replace(entry.message, header=header))


def _bag(folder: Path, frame_id: str) -> Path:
    entries = [
        _of_frame(entry, frame_id) if entry.topic == TRUTH_TOPIC else entry
        for entry in recording(3)
    ]
    return write_bare(folder / "bag.mcap", entries)


def _flags(program: _Program, folder: Path) -> list[object]:
    out = folder / "out"
    return ["--out", out] if program is to_dataset else [out, "--model", "nearest"]


@pytest.mark.parametrize("program", [complete, to_dataset])
def test_truth_of_another_camera_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], program: _Program
) -> None:
    bag = _bag(tmp_path, "left_infrared")
    words = [bag, *_flags(program, tmp_path), "--truth", TRUTH_TOPIC]
    assert exit_code(program, *words) == 1
    told = capsys.readouterr()
    assert "'left_infrared'" in told.err
    assert "is not registered to this camera" in told.err


@pytest.mark.parametrize("program", [complete, to_dataset])
def test_truth_that_names_no_frame_is_the_camera_s(tmp_path: Path, program: _Program) -> None:
    bag = _bag(tmp_path, "")
    words = [bag, *_flags(program, tmp_path), "--truth", TRUTH_TOPIC]
    assert exit_code(program, *words) in (0, 3)


def test_truth_of_another_camera_is_not_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag, done = _bag(tmp_path, "left_infrared"), tmp_path / "done"
    assert exit_code(complete, bag, done, "--model", "nearest") in (0, 3)
    assert exit_code(export, done, tmp_path / "folder", "--truth", TRUTH_TOPIC) == 1
    assert "is not registered to this camera" in capsys.readouterr().err
    assert not (tmp_path / "folder").exists()
