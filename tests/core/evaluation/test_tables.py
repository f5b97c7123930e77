# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from dataclasses import replace

import pytest

from depth_completion_core.evaluation.records import FrameRecord
from depth_completion_core.evaluation.summary import Summary, summary_of
from depth_completion_core.evaluation.tables import FULL, SHORT, Row, results_table
from depth_completion_core.evaluation.wording import failures, notes, protocol_table
from depth_completion_core.metrics import METRIC_NAMES, PROTOCOLS, DepthMetrics

_VOID, _NYU = PROTOCOLS["void"], PROTOCOLS["nyu"]


def _record(name: str, mae_mm: float) -> FrameRecord:
    values = {**dict.fromkeys(METRIC_NAMES, 0.5), "mae_mm": mae_mm, "pixels": 10.0}
    return FrameRecord(name=name, metrics=DepthMetrics(**values), measured_pixels=7, ms=2.0)


def _summary(*mae_mm: float) -> Summary:
    return summary_of([_record(str(index), mae) for index, mae in enumerate(mae_mm)], _VOID)


def _cells(table: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in table.splitlines()]


@pytest.mark.parametrize("metrics", [FULL, SHORT])
def test_a_line_for_each_row_with_a_cell_for_each_column(metrics: tuple[str, ...]) -> None:
    rows = [Row(("a", "m"), _summary(100.0, 300.0)), Row(("b", "m"), _summary(50.0))]
    headings, _, *lines = _cells(results_table(("set", "model"), rows, _VOID, metrics=metrics))
    assert headings[:3] == ["set", "model", "MAE mm"]
    assert headings[-4:] == ["coverage", "images", "points", "ms"]
    assert all(len(line) == len(headings) == 2 + len(metrics) + 4 for line in lines)
    assert lines[0][2] == "200.0 ± 100.0"
    assert lines[0][-4:] == ["0.500", "2", "7", "2.0"]


def test_metres_where_the_protocol_publishes_metres() -> None:
    rows = [Row(("m",), _summary(100.0, 300.0))]
    headings, _, line = _cells(results_table(("model",), rows, _NYU))
    assert headings[1:5] == ["MAE m", "RMSE m", "iMAE 1/m", "iRMSE 1/m"]
    assert line[1] == "0.2000 ± 0.1000"
    assert line[5] == "0.5000"  # a ratio has no unit


def test_the_best_of_those_with_the_same_measurements_is_bold() -> None:
    rows = [
        Row(("few", "a"), _summary(100.0)),
        Row(("few", "b"), _summary(100.04)),
        Row(("few", "c"), _summary(120.0)),
        Row(("many", "a"), _summary(20.0)),
    ]
    _, _, *lines = _cells(results_table(("points", "model"), rows, _VOID, with_spread=False))
    bold = [line[2].startswith("**") for line in lines]
    assert bold == [True, True, False, False]  # equal as printed; nobody to be better than


def test_what_is_printed_alike_is_bold_alike() -> None:
    """Inverse depth has fewer digits in 1/m than in 1/km."""
    rows = [Row((name,), _summary(100.0)) for name in "ab"]
    rows[0].summary.mean["imae_per_km"] = 12.31
    rows[1].summary.mean["imae_per_km"] = 12.29
    for protocol, bold in ((_VOID, [False, True]), (_NYU, [True, True])):
        _, _, *lines = _cells(results_table(("model",), rows, protocol, with_spread=False))
        assert [line[3].startswith("**") for line in lines] == bold


def test_nothing_known_is_a_dash() -> None:
    rows = [Row(("m",), summary_of([FrameRecord(name="a", skipped="far")], _VOID))]
    _, _, line = _cells(results_table(("model",), rows, _VOID))
    assert set(line[1:-3]) == {"–"}
    assert line[-3:] == ["0", "0", "–"]


def test_notes_say_what_is_not_in_the_means() -> None:
    records = [
        _record("a", 1.0),
        FrameRecord(name="b", skipped="no truth"),
        FrameRecord(name="c", failed="empty file"),
    ]
    text = notes(_VOID, "void", [Row(("set", "m"), summary_of(records, _VOID))])
    assert "Protocol `void`: 0.2 < truth < 5 m; computed for each image" in text
    assert "set, m: 1 of 3 images left out of the means: no truth." in text
    assert "1 of 3 frames FAILED, first c: empty file" in text
    assert "±" in text
    assert "±" not in notes(_VOID, "void", [], with_spread=False)


def test_failures_that_rows_share_are_told_once() -> None:
    failed = summary_of([FrameRecord(name="c", failed="empty")], _VOID)
    rows = [Row((points, "m"), failed) for points in ("1", "2")]
    (sentence,) = failures([*rows, Row(("1", "n"), _summary(1.0))])
    assert sentence.startswith("m: 1 of 1 frames FAILED (in 2 rows")
    other = replace(failed, failed={"c": "another"})
    assert len(failures([*rows, Row(("1", "n"), other)])) == 2


def test_protocol_table_says_each_field() -> None:
    headings, _, *lines = _cells(protocol_table())
    assert [line[0] for line in lines] == [f"`{name}`" for name in PROTOCOLS]
    for line, protocol in zip(lines, PROTOCOLS.values(), strict=True):
        found = dict(zip(headings, line, strict=True))
        bounds = found["scored truth"]
        assert bounds.startswith(f"{protocol.min_depth:g} {'<' if protocol.strict else '≤'} truth")
        assert bounds.endswith("truth") == math.isinf(protocol.max_depth)
        assert found["scored region"] == ("bottom 1216x352" if any(protocol.crop) else "image")
        assert found["unit"] == protocol.unit
        assert found["source"] == protocol.source
        assert protocol.sparsifier in found["default points"]
