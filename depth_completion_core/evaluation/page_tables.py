# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of the page about a run."""

from __future__ import annotations

from collections.abc import Sequence

from depth_completion_core.evaluation.records import FrameRecord
from depth_completion_core.evaluation.tables import (
    FULL,
    SHORT,
    Row,
    metric_heading,
    metric_precision,
)
from depth_completion_core.metrics import Protocol
from depth_completion_core.reports.page import Cell, Column, Table


def results_of_models(headings: Sequence[str], rows: Sequence[Row], protocol: Protocol) -> Table:
    """A line for each row, every figure in a column of its own."""

    def cells(row: Row) -> list[Cell]:
        summary = row.summary
        return [
            *row.labels,
            *(metric_precision(name, protocol)[0] * summary.mean[name] for name in FULL),
            summary.mean["coverage"],
            summary.images,
            summary.measured_pixels,
            summary.ms["mean"],
        ]

    return Table(
        caption="Means over images, as the protocol says",
        columns=[
            *(Column(heading=heading) for heading in headings),
            *_metric_columns(FULL, protocol),
            Column(heading="coverage", digits=3),
            Column(heading="images", digits=0),
            Column(heading="points", digits=0),
            Column(heading="ms", digits=1),
        ],
        rows=[cells(row) for row in rows],
    )


def results_of_frames(headings: Sequence[str], rows: Sequence[Row], protocol: Protocol) -> Table:
    """A line for each frame of each row."""

    def cells(row: Row, record: FrameRecord) -> list[Cell]:
        metrics = record.metrics
        return [
            record.name,
            *row.labels,
            *(
                metric_precision(name, protocol)[0] * getattr(metrics, name) if metrics else None
                for name in SHORT
            ),
            metrics.coverage if metrics else None,
            record.measured_pixels,
            record.ms,
            record.failed or record.skipped,
        ]

    return Table(
        caption="Every frame of every model",
        columns=[
            Column(heading="frame"),
            *(Column(heading=heading) for heading in headings),
            *_metric_columns(SHORT, protocol),
            Column(heading="coverage", digits=3),
            Column(heading="points", digits=0),
            Column(heading="ms", digits=1),
            Column(heading="remark"),
        ],
        rows=[cells(row, record) for row in rows for record in row.records],
        everything="frames.csv of each model",
    )


def _metric_columns(names: Sequence[str], protocol: Protocol) -> list[Column]:
    return [
        Column(heading=metric_heading(name, protocol), digits=metric_precision(name, protocol)[1])
        for name in names
    ]
