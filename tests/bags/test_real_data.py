# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recorded data, where this machine has some: DEPTH_COMPLETION_REAL_DATA names its folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rosbag_tools.complete import main as complete
from rosbag_tools.from_dataset import main as from_dataset
from rosbag_tools.inspect import main as inspect
from tests.bags.bag_factory import depths_of

_VARIABLE = "DEPTH_COMPLETION_REAL_DATA"
_KITTI, _ROS1 = "nc/kitti_raw_sequence", "open/ros1_watercan_bag"

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def folder() -> Path:
    named = os.environ.get(_VARIABLE, "")
    missing = [name for name in (_KITTI, _ROS1) if not (Path(named) / name).is_dir()]
    if not named or missing:
        pytest.skip(f"{_VARIABLE} names no folder with {_KITTI} and {_ROS1}")
    return Path(named)


def test_drive_of_kitti_with_half_of_its_lines(folder: Path, tmp_path: Path) -> None:
    bag, out, metrics = tmp_path / "kitti.mcap", tmp_path / "out", tmp_path / "report.json"
    assert from_dataset([str(bag), "--layout", "kitti_raw", "--root", str(folder / _KITTI)]) == 0
    flags = ["--device", "cpu", "--model", "linear", "--keep-lines", "2", "--max-frames", "3"]
    flags += ["--no-copy-inputs", "--metrics", str(metrics)]
    assert complete([str(bag), str(out), *flags]) == 0
    report = json.loads(metrics.read_text(encoding="utf-8"))
    assert report["frames"] == len(depths_of(out)) == 3
    assert 0 < report["scores"]["rmse_mm"] < 5000
    assert report["scores"]["mae_mm"] < report["scores"]["rmse_mm"]


def test_recorded_bag_of_ros1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bag,) = (folder / _ROS1).glob("*.bag")
    assert inspect([str(bag)]) == 0
    text = capsys.readouterr().out
    assert "ROS 1 bag" in text
    assert "TF tree" in text
    assert "complete would" in text
