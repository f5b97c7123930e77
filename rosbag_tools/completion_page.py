# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page about a completed bag."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from depth_completion_core.files.json_files import write_json
from depth_completion_core.reports.blocks import (
    depth_distribution,
    distribution,
    drops_table,
    trajectory_from_above,
)
from depth_completion_core.reports.depth_histogram import EDGES_M
from depth_completion_core.reports.html import write_page
from depth_completion_core.reports.page import (
    SUMMARY_FILE,
    Cell,
    Chart,
    Column,
    Notes,
    Page,
    Section,
    Series,
    Sheet,
    Table,
)
from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.completion_plan import Plan, describe
from rosbag_tools.completion_report import CompletionReport, report_json
from rosbag_tools.frame_outcome import FrameOutcome
from rosbag_tools.seen_frames import SeenFrames

ERRORS = {
    "mae_mm": Column(heading="MAE [mm]", digits=1),
    "rmse_mm": Column(heading="RMSE [mm]", digits=1),
    "imae_per_km": Column(heading="iMAE [1/km]", digits=2),
    "rel": Column(heading="REL", digits=4),
    "delta1": Column(heading="δ<1.25", digits=4),
}
"""The columns of the metrics that tables show, by their names."""


def write_completion_page(
    folder: Path, report: CompletionReport, seen: SeenFrames, plan: Plan, job: CompletionJob
) -> None:
    """Write report.html and summary.json.

    Raises:
        ReportError: Jinja2 is not installed.
        WriteError: the folder cannot be written.
    """
    write_json(folder / SUMMARY_FILE, _summary(report, seen, plan, job))
    write_page(folder, _page(report, seen, plan, job))


def _summary(
    report: CompletionReport, seen: SeenFrames, plan: Plan, job: CompletionJob
) -> dict[str, Any]:
    places = [None if math.isnan(place[0]) else place for place in seen.positions_m]
    return {
        "kind": "completion",
        "inputs": [str(path) for path in job.inputs],
        "output": str(job.output),
        **report_json(report, job.model),
        "plan": describe(plan),
        "histogram": {
            "edges_m": EDGES_M,
            "measured": seen.measured.counts.tolist(),
            "dense": seen.dense.counts.tolist(),
        },
        "fixed_frame": plan.geometry.fixed_frame,
        "trajectory_m": places if seen.are_placed else [],
        "per_frame": [outcome.to_json() for outcome in report.outcomes],
    }


def _page(report: CompletionReport, seen: SeenFrames, plan: Plan, job: CompletionJob) -> Page:
    warnings = [*report.doubts, *([report.damage] if report.damage else [])]
    drops = report.drops
    path = trajectory_from_above(seen.positions_m, f"in '{plan.geometry.fixed_frame}'")
    charts = {"measured depth": seen.measured, "dense depth": seen.dense}
    return Page(
        title=f"{' '.join(path.name for path in job.inputs)}, completed by {job.model}",
        facts=_facts(report, job),
        sections=[
            Section(
                heading="Warnings",
                blocks=[Notes(lines=warnings, is_warning=True)] if warnings else [],
            ),
            Section(heading="Frames", blocks=[Sheet(pictures=seen.pictures, total=report.frames)]),
            Section(
                heading="Curves",
                blocks=[
                    *_over_time(report.outcomes),
                    depth_distribution(
                        EDGES_M, {name: own.counts.tolist() for name, own in charts.items()}
                    ),
                    distribution(
                        "Time between image and measurements",
                        "gap [ms]",
                        {"frames": report.known("gap_ms")},
                    ),
                    *([path] if seen.are_placed else []),
                ],
            ),
            Section(heading="Every frame", blocks=[_frame_table(report.outcomes)]),
            Section(
                heading="What was not used",
                blocks=[
                    drops_table(drops.counts, {why: drops.example(why) for why in drops.counts})
                ],
            ),
            Section(heading="Plan", blocks=[Notes(lines=[*describe(plan), *report.notes])]),
        ],
    )


def _facts(report: CompletionReport, job: CompletionJob) -> dict[str, str]:
    coverage, times = report.known("coverage"), report.known("model_ms")
    facts = {
        "Frames": f"{report.frames} of {report.images} images",
        "Model": job.model,
        "Output": str(job.output),
        "Time per frame": f"{median(times):.1f} ms (median)",
        "Depth on": f"{100 * sum(coverage) / len(coverage):.1f} % of the image",
    }
    if report.scores:
        facts["MAE"] = f"{report.scores['mae_mm']:.1f} mm"
        facts["RMSE"] = f"{report.scores['rmse_mm']:.1f} mm"
        facts["Scored"] = f"{report.scores['images']:.0f} frames, protocol {job.protocol}"
    if report.interrupted:
        facts["Ended"] = "interrupted"
    return facts


def _over_time(outcomes: Sequence[FrameOutcome]) -> list[Chart]:
    seconds = [(outcome.stamp_ns - outcomes[0].stamp_ns) / 1e9 for outcome in outcomes]
    curves: dict[tuple[str, str], dict[str, list[float]]] = {
        ("Errors", "error [mm]"): {
            "MAE": [
                outcome.metrics.mae_mm if outcome.metrics else math.nan for outcome in outcomes
            ],
            "RMSE": [
                outcome.metrics.rmse_mm if outcome.metrics else math.nan for outcome in outcomes
            ],
        },
        ("Density of the measurements", "measured pixels"): {
            "measured pixels": [float(outcome.measured_pixels) for outcome in outcomes]
        },
        ("Time in the model", "time [ms]"): {"model": [outcome.model_ms for outcome in outcomes]},
        ("Confidence", "mean confidence"): {
            "confidence": [
                math.nan if outcome.confidence is None else outcome.confidence
                for outcome in outcomes
            ]
        },
    }
    return [
        Chart(
            title=title,
            x_label="time since the first frame [s]",
            y_label=unit,
            series=[Series(name=name, x=seconds, y=values) for name, values in series.items()],
        )
        for (title, unit), series in curves.items()
        if any(math.isfinite(value) for values in series.values() for value in values)
    ]


def _frame_table(outcomes: Sequence[FrameOutcome]) -> Table:
    has_scores = any(outcome.metrics for outcome in outcomes)
    has_confidence = any(outcome.confidence is not None for outcome in outcomes)

    def row(number: int, outcome: FrameOutcome) -> list[Cell]:
        metrics = outcome.metrics
        errors = [getattr(metrics, name) if metrics else None for name in ERRORS]
        return [
            number,
            outcome.stamp_ns / 1e9,
            outcome.gap_ms,
            outcome.measured_pixels,
            100 * outcome.coverage,
            outcome.model_ms,
            *([outcome.confidence] if has_confidence else []),
            *(errors if has_scores else []),
        ]

    return Table(
        caption="Every frame that was completed",
        columns=[
            Column(heading="frame", digits=0),
            Column(heading="stamp [s]", digits=3),
            Column(heading="gap [ms]", digits=1),
            Column(heading="measured pixels", digits=0),
            Column(heading="depth on [%]", digits=1),
            Column(heading="time [ms]", digits=1),
            *([Column(heading="confidence", digits=3)] if has_confidence else []),
            *(ERRORS.values() if has_scores else []),
        ],
        rows=[row(number, outcome) for number, outcome in enumerate(outcomes)],
    )
