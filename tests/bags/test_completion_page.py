# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from tests.bags.bag_factory import (
    BASE_FRAME,
    BASE_FROM_CAMERA,
    Entry,
    drive,
    image_entry,
    picture,
    stamp_of,
    tf_entry,
    write_ros2,
)
from tests.core.reports.read_page import ReadPage

pytest.importorskip("jinja2")

_FRAMES = 4


def _odom_from_base(index: int) -> RigidTransform:
    return RigidTransform(np.eye(3), np.array([0.5 * index, -0.25 * index, 0.0]))


def _moving_drive() -> list[Entry]:
    moves = [
        tf_entry(stamp_of(index), ("odom", BASE_FRAME, _odom_from_base(index)), static=False)
        for index in range(_FRAMES)
    ]
    entries = [*drive(_FRAMES), *moves, image_entry(stamp_of(_FRAMES), picture(9))]
    return sorted(entries, key=lambda entry: entry.log_ns)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completed")
    bag = write_ros2(folder / "drive", _moving_drive())
    flags = ["--model", "nearest", "--device", "cpu", "--holdout", "0.3"]
    flags += ["--metrics", str(folder / "metrics.json"), "--report", str(folder / "page")]
    assert main([str(bag), str(folder / "out"), *flags]) == 0
    return folder


@pytest.fixture(scope="module")
def summary(folder: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((folder / "page/summary.json").read_text(encoding="utf-8"))
    return values


def test_summary_says_what_the_metrics_file_says(folder: Path, summary: dict[str, Any]) -> None:
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert {key: summary[key] for key in metrics} == metrics


def test_frames_of_the_summary_add_up_to_its_means(summary: dict[str, Any]) -> None:
    frames = summary["per_frame"]
    assert [frame["stamp_ns"] for frame in frames] == [stamp_of(n) for n in range(_FRAMES)]
    errors = [frame["metrics"]["mae_mm"] for frame in frames]
    assert np.mean(errors) == pytest.approx(summary["scores"]["mae_mm"])
    assert np.median([f["model_ms"] for f in frames]) == pytest.approx(summary["model_ms"]["p50"])
    measured = sum(frame["measured_pixels"] for frame in frames)
    assert sum(summary["histogram"]["measured"]) == measured > 0


def test_trajectory_is_that_of_the_camera(summary: dict[str, Any]) -> None:
    expected = [(_odom_from_base(n) @ BASE_FROM_CAMERA).translation for n in range(_FRAMES)]
    assert summary["fixed_frame"] == "odom"
    np.testing.assert_allclose(summary["trajectory_m"], expected, atol=1e-9)


def test_page_has_every_frame_and_every_drop(folder: Path, summary: dict[str, Any]) -> None:
    html = (folder / "page/report.html").read_text(encoding="utf-8")
    assert html.count("<img ") == _FRAMES
    frames, drops = ReadPage(html).tables
    assert [row[0] for row in frames[1:]] == [str(number) for number in range(_FRAMES)]
    assert [row[:2] for row in drops[1:]] == [[why, "1"] for why in summary["drops"]]
    errors = [f"{frame['metrics']['mae_mm']:.1f}" for frame in summary["per_frame"]]
    assert [row[frames[0].index("MAE [mm]")] for row in frames[1:]] == errors
    for text in (*summary["drops"], "Trajectory from above", "Errors", "Depth"):
        assert text in html


def test_a_missing_package_is_told_before_the_work(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    wanted = [str(folder / "drive"), str(tmp_path / "out"), "--model", "nearest"]
    with pytest.raises(ImportError, match=r"depth_completion_ros\[report\]"):
        main([*wanted, "--report", str(tmp_path / "page")])
    assert list(tmp_path.iterdir()) == []


def test_the_page_does_not_go_into_the_bag(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(BagError, match=r"--report .* lies inside"):
        main([str(folder / "drive"), str(out), "--report", str(out / "page")])
