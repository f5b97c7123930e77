# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page about a run: tables of models and of frames, curves and sheets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from depth_completion_core.evaluation.curves import (
    Curve,
    checkpoint_curves,
    is_wide,
    sweep_curves,
)
from depth_completion_core.evaluation.page_tables import results_of_frames, results_of_models
from depth_completion_core.evaluation.report import results_of
from depth_completion_core.evaluation.session import Session, protocol_values
from depth_completion_core.evaluation.sheets import SHEETS, SIDE_BY_SIDE
from depth_completion_core.evaluation.sweep import Sweep
from depth_completion_core.evaluation.tables import Row
from depth_completion_core.evaluation.wording import failures, notes, settings_note
from depth_completion_core.files.json_files import write_json
from depth_completion_core.reports.blocks import distribution
from depth_completion_core.reports.html import jpeg, write_page
from depth_completion_core.reports.page import (
    MOST_PICTURES,
    SUMMARY_FILE,
    Chart,
    Notes,
    Page,
    Picture,
    Section,
    Series,
    Sheet,
)

_FACTS = ("suite", "dataset", "measurements", "seed")
_MOST_GROUPS = 6
"""Groups of models that have charts of their own; a suite has dozens."""


def write_evaluation_page(
    out: Path,
    *,
    title: str,
    headings: Sequence[str],
    rows: Sequence[Row],
    session: Session,
    about: Mapping[str, Any],
    charts: Sequence[Chart] = (),
) -> Path:
    """Write report.html and summary.json; returns the former.

    Args:
        out: the folder of the run.
        title: of the page.
        headings: of the rows' labels.
        rows: results.
        session: that they are of.
        about: what else to tell in the JSON, plain values.
        charts: of the whole run.

    Raises:
        ReportError: Jinja2 is not installed.
        WriteError: the folder cannot be written.
    """
    protocol = session.protocol
    remarks = notes(protocol, session.protocol_name, rows, with_spread=False)
    lines = (remarks + settings_note(session.settings, about)).splitlines()
    summary = {
        "kind": "evaluation",
        "title": title,
        **about,
        "protocol": {"name": session.protocol_name, **protocol_values(protocol)},
        "notes": lines,
        "results": results_of(headings, rows),
        "frames": [str(row.folder / "frames.csv") for row in rows if row.folder],
    }
    failed = failures(rows)
    page = Page(
        title=title,
        facts={
            "Models": str(len({row.labels[-1] for row in rows})),
            "Frames": str(max((row.summary.frames for row in rows), default=0)),
            "Protocol": session.protocol_name,
            **{key.capitalize(): str(about[key]) for key in _FACTS if about.get(key)},
        },
        sections=[
            Section(
                heading="Warnings", blocks=[Notes(lines=failed, is_warning=True)] if failed else []
            ),
            Section(heading="Results", blocks=[results_of_models(headings, rows, protocol)]),
            Section(heading="Curves", blocks=[*charts, *_frame_charts(rows)]),
            Section(heading="Sheets", blocks=_sheets(rows)),
            Section(heading="Frames", blocks=[results_of_frames(headings, rows, protocol)]),
            Section(heading="Notes", blocks=[Notes(lines=[_plain(line) for line in lines])]),
        ],
    )
    write_json(out / SUMMARY_FILE, summary)
    return write_page(out, page)


def _plain(line: str) -> str:
    """An item of a Markdown list as plain text."""
    return line.removeprefix("- ").replace("`", "")


def set_charts(
    dataset: str,
    sweeps: Sequence[Sweep],
    rows: Sequence[Row],
    steps: Mapping[str, Mapping[str, int]],
) -> list[Chart]:
    """The curves of each sweep, or, without sweeps, of each training over its steps.

    Args:
        dataset: name of the set.
        sweeps: those of the run.
        rows: of one set; those of a sweep are labelled with its name first.
        steps: of checkpoints, by training and label, in order.
    """
    charts = []
    for sweep in sweeps:
        mine = [row._replace(labels=row.labels[1:]) for row in rows if row.labels[0] == sweep.name]
        charts += _curve_charts(sweep_curves(mine), sweep.label, dataset)
    if not sweeps:
        charts += _curve_charts(checkpoint_curves(rows, steps), "step", dataset)
    return charts


def _curve_charts(curves: Mapping[str, Curve], x_label: str, dataset: str) -> list[Chart]:
    """MAE and RMSE, a line for each model."""
    values = [value for curve in curves.values() for value in curve.x]
    return [
        Chart(
            title=f"{dataset}: {name}",
            x_label=x_label,
            y_label=f"{name} [mm]",
            x_is_log=is_wide(values),
            series=[
                Series(name=label, x=curve.x, y=getattr(curve, key))
                for label, curve in curves.items()
            ],
        )
        for name, key in (("MAE", "mae_mm"), ("RMSE", "rmse_mm"))
        if curves
    ]


def _frame_charts(rows: Sequence[Row]) -> list[Chart]:
    """The MAE of each frame, and how it is spread, the models of one condition together."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(row.labels[:-1], []).append(row)
    charts = []
    for labels, group in list(groups.items())[:_MOST_GROUPS]:
        errors = {
            row.labels[-1]: [
                record.metrics.mae_mm if record.metrics else math.nan for record in row.records
            ]
            for row in group
        }
        of_what = f" ({', '.join(labels)})" if labels else ""
        charts.append(
            Chart(
                title=f"MAE of each frame{of_what}",
                x_label="frame",
                y_label="MAE [mm]",
                series=[
                    Series(name=model, x=range(len(own)), y=own) for model, own in errors.items()
                ],
            )
        )
        charts.append(distribution(f"Frames by MAE{of_what}", "MAE [mm]", errors))
    return charts


def _sheets(rows: Sequence[Row]) -> list[Sheet]:
    """The sheets that were written as files: models side by side, then those of each model."""
    files: dict[Path, str] = {}
    for row in rows:
        if row.folder:
            condition = [*row.labels[:-1], "models side by side"]
            files[row.folder.parent / SIDE_BY_SIDE] = ", ".join(condition)
    for row in rows:
        for kind, words in SHEETS.items():
            if row.folder:
                files[row.folder / f"{kind}.png"] = ", ".join([*row.labels, words])
    there = {file: caption for file, caption in files.items() if file.is_file()}
    chosen = list(there)[:: max(math.ceil(len(there) / MOST_PICTURES), 1)]
    pictures = [Picture(pixels=_as_jpeg(file), caption=there[file]) for file in chosen]
    return [Sheet(pictures=pictures, total=len(there))] if pictures else []


def _as_jpeg(file: Path) -> bytes:
    bgr = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    return jpeg(np.asarray(bgr, dtype=np.uint8)[..., ::-1])
