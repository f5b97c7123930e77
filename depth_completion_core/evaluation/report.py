# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files that a run ends with: metrics.json, table.md and curves."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from depth_completion_core.evaluation.curves import Curve, checkpoint_curves, sweep_curves
from depth_completion_core.evaluation.plots import PlotError, plot_curves
from depth_completion_core.evaluation.session import Session, protocol_values
from depth_completion_core.evaluation.sweep import Sweep, sweep_folder
from depth_completion_core.evaluation.tables import FULL, Row, results_table
from depth_completion_core.evaluation.wording import notes, settings_note
from depth_completion_core.files.atomic import write_text
from depth_completion_core.files.json_files import write_json

_CURVE = "curve.png"


def write_report(
    out: Path,
    *,
    title: str,
    headings: Sequence[str],
    rows: Sequence[Row],
    session: Session,
    about: Mapping[str, Any],
    metrics: Sequence[str] = FULL,
    with_spread: bool = True,
) -> str:
    """Write metrics.json and table.md; returns the Markdown.

    Args:
        out: the folder.
        title: heading of the page.
        headings: of the rows' labels.
        rows: results.
        session: that they are of.
        about: what else to tell in the JSON, plain values.
        metrics: columns of the table; the JSON has all.
        with_spread: standard deviations in the table; the JSON has them.
    """
    protocol, name = session.protocol, session.protocol_name
    table = results_table(headings, rows, protocol, metrics=metrics, with_spread=with_spread)
    remarks = notes(protocol, name, rows, with_spread=with_spread)
    remarks += settings_note(session.settings, about)
    page = f"# {title}\n\n{table}\n{remarks}"
    write_text(out / "table.md", page)
    write_json(
        out / "metrics.json",
        {
            **about,
            "protocol": {"name": name, **protocol_values(protocol)},
            "notes": remarks.splitlines(),
            "results": results_of(headings, rows),
        },
    )
    return page


def results_of(headings: Sequence[str], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as plain values, their labels by the headings."""
    return [
        {**dict(zip(headings, row.labels, strict=True)), **row.summary.to_json()} for row in rows
    ]


def write_single_report(
    out: Path,
    rows: Sequence[Row],
    session: Session,
    about: Mapping[str, Any],
    steps: Mapping[str, Mapping[str, int]],
) -> str:
    """The report of models on one set, with a curve for each training with several checkpoints.

    Args:
        out: the folder.
        rows: one for each model.
        session: that they are of.
        about: dataset and measurements, and what else to tell in the JSON.
        steps: of the checkpoints, by training and label, in order.
    """
    page = write_report(
        out,
        title=f"{about['dataset']}, measurements: {about['measurements']}",
        headings=("model",),
        rows=rows,
        session=session,
        about=about,
    )
    curves = checkpoint_curves(rows, steps)
    if curves:
        _draw(out / _CURVE, curves, x_label="step", title=str(about["dataset"]))
    return page


def write_sweep_reports(
    out: Path,
    sweeps: Sequence[Sweep],
    rows: Sequence[Row],
    session: Session,
    about: Mapping[str, Any],
) -> list[str]:
    """A report and a curve per sweep; returns the Markdown pages."""
    pages = []
    for sweep in sweeps:
        folder = sweep_folder(out, sweep)
        mine = [row._replace(labels=row.labels[1:]) for row in rows if row.labels[0] == sweep.name]
        title = f"{about['dataset']}: {sweep.label}"
        pages.append(
            write_report(
                folder,
                title=title,
                headings=(sweep.label, "model"),
                rows=mine,
                session=session,
                about={**about, "sweep": sweep.name},
            )
        )
        curves = sweep_curves(mine)
        _draw(folder / _CURVE, curves, x_label=sweep.label, title=title)
    return pages


def _draw(path: Path, curves: Mapping[str, Curve], *, x_label: str, title: str) -> None:
    """Tables are worth having without their curve."""
    try:
        plot_curves(path, curves, x_label=x_label, title=title)
    except PlotError as error:
        print(error, file=sys.stderr)
