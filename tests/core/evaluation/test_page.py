# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from depth_completion_core.evaluation.page import set_charts
from depth_completion_core.evaluation.records import FrameRecord, read_records
from depth_completion_core.evaluation.summary import summary_of
from depth_completion_core.evaluation.sweep import Sweep
from depth_completion_core.evaluation.tables import Row
from depth_completion_core.metrics import METRIC_NAMES, PROTOCOLS, DepthMetrics
from tests.core.evaluation.made_sets import evaluated, write_folder_set
from tests.core.reports.read_page import ReadPage

pytest.importorskip("jinja2")

_FRAMES = 3
_MODELS = ("nearest", "morphological")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_folder_set(folder, _FRAMES)
    return folder


@pytest.fixture(scope="module")
def out(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    assert evaluated(data, folder, "--model", *_MODELS, "--sheets", "1", "--report") == 0
    return folder


def _page(folder: Path) -> ReadPage:
    return ReadPage((folder / "report.html").read_text(encoding="utf-8"))


def _row(step: str, model: str, mae_mm: float) -> Row:
    metrics = DepthMetrics(**{**dict.fromkeys(METRIC_NAMES, 1.0), "mae_mm": mae_mm})
    record = FrameRecord(name="a", metrics=metrics)
    return Row((step, model), summary_of([record], PROTOCOLS["void"]), [record])


def test_results_are_those_of_the_metrics_file(out: Path) -> None:
    results, _ = _page(out).tables
    named = [dict(zip(results[0], row, strict=True)) for row in results[1:]]
    summary, metrics = (
        json.loads((out / name).read_text(encoding="utf-8"))
        for name in ("summary.json", "metrics.json")
    )
    means = [result["mean"] for result in metrics["results"]]
    assert [row["model"] for row in named] == list(_MODELS)
    assert [row["MAE mm"] for row in named] == [f"{mean['mae_mm']:.1f}" for mean in means]
    assert summary["results"] == metrics["results"]


def test_every_frame_of_every_model_is_listed(out: Path) -> None:
    _, frames = _page(out).tables
    place = frames[0].index("RMSE mm")
    shown = [(row[0], row[1], row[place]) for row in frames[1:]]
    known = [
        (record.name, model, f"{record.metrics.rmse_mm:.1f}" if record.metrics else "")
        for model in _MODELS
        for record in read_records(out / model / "frames.csv")
    ]
    assert shown == known
    assert len(shown) == _FRAMES * len(_MODELS)


def test_the_sheets_are_on_the_page(out: Path) -> None:
    captions = {image["alt"] for image in _page(out).named("img")}
    assert "models side by side" in captions
    assert {f"{model}, frames with the largest errors" for model in _MODELS} <= captions
    assert len(captions) == len(list(out.rglob("*.png")))


def test_a_sweep_has_its_curves_and_draws_their_first_frames(data: Path, tmp_path: Path) -> None:
    flags = ("--model", "nearest", "--sweep", "points=20,40", "noise=0,0.1", "--repeats", "2")
    assert evaluated(data, tmp_path, *flags, "--report") == 0
    page = _page(tmp_path)
    assert [row[:3] for row in page.tables[0][1:]] == [
        ["points", "20", "nearest"],
        ["points", "40", "nearest"],
        ["noise", "0", "nearest"],
        ["noise", "0.1", "nearest"],
    ]
    assert len(page.tables[1]) == 1 + 4 * _FRAMES
    labels = {item["aria-label"] for item in page.named("svg") if "aria-label" in item}
    assert "folder: MAE: MAE [mm] over points sampled from the truth" in labels


def test_curves_over_steps_and_over_a_sweep() -> None:
    rows = [_row("noise", "a", 0.0)._replace(labels=("noise", step, "a")) for step in ("0", "0.1")]
    (mae, _) = set_charts("set", [Sweep.from_text("noise=0,0.1")], rows, {})
    assert list(mae.series[0].x) == [0, 0.1]
    trained = [_row("", "t-10", 5.0), _row("", "t-100", 4.0), _row("", "other", 1.0)]
    (mae, _) = set_charts("set", [], trained, {"t": {"t-10": 10, "t-100": 100}})
    assert [(list(one.x), list(one.y)) for one in mae.series] == [([10, 100], [5, 4])]
    assert mae.x_is_log
    assert set_charts("set", [], trained, {}) == []


def test_a_missing_package_is_told_before_the_work(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert evaluated(data, tmp_path, "--model", "nearest", "--report") == 1
    assert "pip install 'depth_completion_ros[report]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
