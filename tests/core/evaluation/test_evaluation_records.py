# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

import pytest

from depth_completion_core.evaluation import records
from depth_completion_core.evaluation.records import (
    FrameRecord,
    FrameTable,
    read_records,
    write_records,
)
from depth_completion_core.evaluation.summary import summary_of
from depth_completion_core.files.run_files import ResultsError
from depth_completion_core.metrics import METRIC_NAMES, PROTOCOLS, DepthMetrics

_ODD = DepthMetrics(**{name: (index + 1) / 3 for index, name in enumerate(METRIC_NAMES)})
_NOTHING = DepthMetrics(
    **{name: 0.0 if name == "pixels" else math.nan for name in METRIC_NAMES if name != "coverage"},
    coverage=math.nan,
)
_RECORDS = [
    FrameRecord(name="a/b 1", metrics=_ODD, measured_pixels=7, ms=1 / 7),
    FrameRecord(name='quoted "2", and a comma', failed="a, b\nc"),
    FrameRecord(name="ü", skipped="no truth", ms=3.0),
]


def test_csv_gives_back_every_digit(tmp_path: Path) -> None:
    path = tmp_path / "frames.csv"
    write_records(path, _RECORDS)
    first, second, third = read_records(path)
    assert first == _RECORDS[0]
    assert (second.failed, second.metrics, third.metrics) == ("a, b\nc", None, None)
    assert math.isnan(second.ms)
    assert [item.name for item in (first, second, third)] == [item.name for item in _RECORDS]


def test_an_image_without_truth_pixels_stays_one(tmp_path: Path) -> None:
    nothing = DepthMetrics(**{**asdict(_NOTHING), "truth_pixels": 0.0})
    write_records(tmp_path / "frames.csv", [FrameRecord(name="a", metrics=nothing, skipped="far")])
    (found,) = read_records(tmp_path / "frames.csv")
    assert found.metrics is not None
    assert math.isnan(found.metrics.mae_mm)
    assert (found.metrics.pixels, found.metrics.truth_pixels) == (0.0, 0.0)


@pytest.mark.parametrize(
    "text", ["", "name\nx\n", "name,skipped,failed,measured_pixels,ms\na,,,b,\n"]
)
def test_what_is_no_table_is_named(tmp_path: Path, text: str) -> None:
    settings = {"model": "m"}
    FrameTable(tmp_path, settings)
    (tmp_path / "frames.csv").write_text(text, encoding="utf-8")
    if text:
        with pytest.raises(ResultsError, match=r"frames.csv is not a table .* --fresh"):
            FrameTable(tmp_path, settings)
    else:
        assert not FrameTable(tmp_path, settings).records
    assert not FrameTable(tmp_path, settings, fresh=True).records


def test_settings_on_disk_that_are_damaged_are_named(tmp_path: Path) -> None:
    FrameTable(tmp_path, {"a": 1})
    for text in ("", "[1]", "{"):
        (tmp_path / "run.json").write_text(text, encoding="utf-8")
        with pytest.raises(ResultsError, match=r"run.json"):
            FrameTable(tmp_path, {"a": 1})


def test_summary_has_no_nan_in_json() -> None:
    found = summary_of(_RECORDS, PROTOCOLS["all"]).to_json()
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text)["failed"] == {_RECORDS[1].name: "a, b\nc"}
    nothing = summary_of([], PROTOCOLS["all"]).to_json()
    assert json.loads(json.dumps(nothing, allow_nan=False))["mean"]["mae_mm"] is None


def test_times_are_of_the_frames_that_were_answered() -> None:
    found = summary_of(_RECORDS, PROTOCOLS["all"])
    assert found.ms["mean"] == pytest.approx((1 / 7 + 3.0) / 2)
    assert found.skipped == {"no truth": 1}


def test_old_frames_are_never_beside_new_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fresh table that is interrupted half-way is empty, not the old one under a new name."""
    old, new = {"seed": 0}, {"seed": 1}
    table = FrameTable(tmp_path, old)
    table.add(_RECORDS[0])
    table.write()

    def interrupted(path: Path, values: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(records, "write_json", interrupted)
        with pytest.raises(KeyboardInterrupt):
            FrameTable(tmp_path, new, fresh=True)
    assert not FrameTable(tmp_path, old).records
