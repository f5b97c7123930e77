# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results as Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from depth_completion_core.evaluation.records import FrameRecord
from depth_completion_core.evaluation.summary import Summary
from depth_completion_core.metrics import Protocol


class _Column(NamedTuple):
    """A metric: its heading, its factor where results are in metres, and digits for mm and m."""

    heading: str
    unit: dict[str, str]
    in_metres: float
    digits: tuple[int, int]
    has_spread: bool
    least_is_best: bool


_LENGTH = {"mm": "mm", "m": "m"}
_INVERSE = {"mm": "1/km", "m": "1/m"}
_NONE = {"mm": "", "m": ""}
_COLUMNS = {
    "mae_mm": _Column("MAE", _LENGTH, 1e-3, (1, 4), True, True),
    "rmse_mm": _Column("RMSE", _LENGTH, 1e-3, (1, 4), True, True),
    "imae_per_km": _Column("iMAE", _INVERSE, 1e-3, (2, 4), True, True),
    "irmse_per_km": _Column("iRMSE", _INVERSE, 1e-3, (2, 4), True, True),
    "rel": _Column("REL", _NONE, 1.0, (4, 4), False, True),
    "delta1": _Column("δ<1.25", _NONE, 1.0, (4, 4), False, False),
    "delta2": _Column("δ<1.25²", _NONE, 1.0, (4, 4), False, False),
    "delta3": _Column("δ<1.25³", _NONE, 1.0, (4, 4), False, False),
    "delta_1_02": _Column("δ<1.02", _NONE, 1.0, (4, 4), False, False),
    "delta_1_05": _Column("δ<1.05", _NONE, 1.0, (4, 4), False, False),
    "delta_1_10": _Column("δ<1.10", _NONE, 1.0, (4, 4), False, False),
}
SHORT = ("mae_mm", "rmse_mm", "imae_per_km", "irmse_per_km", "rel", "delta1")
FULL = tuple(_COLUMNS)


class Row(NamedTuple):
    """A summary and what it is of, such as a data set and a model; the last label is the model."""

    labels: tuple[str, ...]
    summary: Summary
    records: Sequence[FrameRecord] = ()
    """What was averaged, frame by frame; with several draws, of the first of them."""
    folder: Path | None = None
    """Of its files: frames.csv and the sheets."""


def results_table(
    headings: Sequence[str],
    rows: Sequence[Row],
    protocol: Protocol,
    *,
    metrics: Sequence[str] = FULL,
    with_spread: bool = True,
) -> str:
    """A Markdown table; the best of the rows that differ in their last label only is bold.

    Args:
        headings: of the labels.
        rows: one line each.
        protocol: whose unit is used.
        metrics: names of the columns.
        with_spread: add the standard deviation over images to errors; over draws to all figures,
            where there were several.
    """
    titles = [*headings, *(metric_heading(name, protocol) for name in metrics)]
    lines = [
        table_line([*titles, "coverage", "images", "points", "ms"]),
        table_line(["---"] * len(headings) + ["---:"] * (len(metrics) + 4)),
    ]
    for row in rows:
        summary = row.summary
        group = [other.summary for other in rows if other.labels[:-1] == row.labels[:-1]]
        cells = [
            f"**{text}**" if _is_best(name, summary, group, protocol) else text
            for name in metrics
            for text in (_cell(name, summary, protocol, with_spread=with_spread),)
        ]
        rest = [
            _number(summary.mean["coverage"], 3),
            str(summary.images),
            _number(summary.measured_pixels, 0),
            _number(summary.ms["mean"], 1),
        ]
        lines.append(table_line([*row.labels, *cells, *rest]))
    return "\n".join(lines) + "\n"


def _cell(name: str, summary: Summary, protocol: Protocol, *, with_spread: bool) -> str:
    column = _COLUMNS[name]
    factor, digits = metric_precision(name, protocol)
    text = _number(factor * summary.mean[name], digits)
    spread = summary.std_over_draws or (summary.std if column.has_spread else {})
    if with_spread and name in spread and not math.isnan(summary.mean[name]):
        text += f" ± {_number(factor * spread[name], digits)}"
    return text


def _is_best(name: str, summary: Summary, group: Sequence[Summary], protocol: Protocol) -> bool:
    """Whether none of several others is better, as far as the table's digits tell."""
    column = _COLUMNS[name]
    factor, digits = metric_precision(name, protocol)
    values = [round(factor * row.mean[name], digits) for row in group]
    known = [value for value in values if not math.isnan(value)]
    if len(known) < 2:
        return False
    best = min(known) if column.least_is_best else max(known)
    return round(factor * summary.mean[name], digits) == best


def metric_heading(name: str, protocol: Protocol) -> str:
    """A metric's name for people, with its unit."""
    column = _COLUMNS[name]
    return f"{column.heading} {column.unit[protocol.unit]}".strip()


def metric_precision(name: str, protocol: Protocol) -> tuple[float, int]:
    """The factor to the protocol's unit, and how many digits are printed in it."""
    column, is_metric = _COLUMNS[name], protocol.unit == "m"
    return column.in_metres if is_metric else 1.0, column.digits[is_metric]


def _number(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def table_line(cells: Sequence[str]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"
