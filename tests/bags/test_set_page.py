# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from rosbag_tools.to_dataset import main
from rosbag_tools.void_sets.set_page import write_set_page
from tests.bags.bag_factory import image_entry, picture, stamp_of, write_ros2
from tests.bags.truth_bag import recording
from tests.browser import chromium, open_page, sorted_by
from tests.core.reports.read_page import ReadPage

pytest.importorskip("jinja2")

_FRAMES = {"hall": 3, "yard": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set")
    alone = image_entry(stamp_of(_FRAMES["hall"] + 5), picture(1))
    hall = write_ros2(folder / "hall", [*recording(_FRAMES["hall"]), alone])
    yard = write_ros2(folder / "yard", recording(_FRAMES["yard"]))
    arguments = [str(hall), str(yard), "--out", str(folder / "out"), "--densities", "20", "100"]
    assert main([*arguments, "--test", "yard"]) == 0
    return folder / "out"


@pytest.fixture(scope="module")
def summary(folder: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return values


def test_the_tables_say_what_the_summary_says(folder: Path, summary: dict[str, Any]) -> None:
    page = ReadPage((folder / "report.html").read_text(encoding="utf-8"))
    sequences, drops = page.tables
    named = [dict(zip(sequences[0], row, strict=True)) for row in sequences[1:]]
    assert {row["sequence"]: int(row["frames"]) for row in named} == _FRAMES
    assert [row["split"] for row in named] == ["train", "test"]
    means = [sequence["points"]["100"]["mean"] for sequence in summary["sequences"]]
    assert [row["points of 100"] for row in named] == [f"{mean:.0f}" for mean in means]
    counts = {row[0]: int(row[1]) for row in drops[1:]}
    assert counts == summary["totals"]["drops"]
    assert sum(counts.values()) == 1


def test_pictures_and_curves_are_of_all_sequences(folder: Path) -> None:
    page = ReadPage((folder / "report.html").read_text(encoding="utf-8"))
    captions = [str(image["alt"]) for image in page.named("img")]
    counts = {name: sum(text.startswith(name) for text in captions) for name in _FRAMES}
    assert counts == _FRAMES
    charts = [str(item["aria-label"]) for item in page.named("svg") if "aria-label" in item]
    titles = [chart.rpartition(": ")[0] for chart in charts]
    assert titles == [
        "Depth",
        "Time between image and measurements",
        "Trajectory from above: hall",
        "Trajectory from above: yard",
    ]


def test_a_browser_sorts_the_sequences(folder: Path, tmp_path: Path) -> None:
    with chromium(tmp_path, "--disable-gpu") as browser:
        open_page(browser, folder / "report.html")
        _, rows = sorted_by(browser, 0, "frames")
        assert [row[0] for row in rows] == ["yard", "hall"]
        _, rows = sorted_by(browser, 0, "frames")
        assert [row[0] for row in rows] == ["hall", "yard"]


def test_hundreds_of_sequences_make_no_huge_page(
    folder: Path, summary: dict[str, Any], tmp_path: Path
) -> None:
    first = summary["sequences"][0]
    many = {**summary, "sequences": [{**first, "name": f"s{number}"} for number in range(500)]}
    path = write_set_page(tmp_path, many)
    page = ReadPage(path.read_text(encoding="utf-8"))
    assert len(page.tables[0]) == 501
    assert page.named("img") == []  # their files are not there
    assert path.stat().st_size < 3_000_000
    assert "12 of 500; all are in summary.json" in page.texts["li"]


def test_the_set_is_written_without_the_package_too(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main([str(folder.parent / "yard"), "--out", str(tmp_path / "out")]) == 0
    assert "pip install 'depth_completion_ros[report]'" in capsys.readouterr().err
    assert (tmp_path / "out/summary.json").is_file()
    assert not (tmp_path / "out/report.html").exists()
