# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of frames: one model's frames below each other, or several models beside each other."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from depth_completion_core.data.sample import DepthDataset, Sample
from depth_completion_core.data.sampling.choosing import evenly_spread
from depth_completion_core.evaluation.records import FrameRecord
from depth_completion_core.evaluation.run import Job
from depth_completion_core.files.output_files import write_picture
from depth_completion_core.frame import OF_ONE_FRAME, DepthPrediction, SparseDepth
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.pictures.depth_colors import color_bar, colorize, overlay
from depth_completion_core.pictures.panels import beside, panel, stacked, title
from depth_completion_core.pictures.preview import absolute_errors, error_map, frame_picture
from depth_completion_core.pictures.scales import Scale, depth_scale, error_scale

SHEETS = {
    "best": "frames with the smallest errors",
    "worst": "frames with the largest errors",
    "spread": "frames spread over the set",
}
"""The sheets of one model, by the name of their file."""
SIDE_BY_SIDE = "side_by_side.png"
_COLUMN_WIDTH_PX = 400
T = TypeVar("T")
Answers = Callable[[Job], DepthPrediction]


class _Sheet(NamedTuple):
    """A picture of several frames below each other: its file, their names, how to draw one."""

    file: Path
    names: list[str]
    draw: Callable[[Sample, Answers], UInt8Array]


def write_sheets(
    dataset: DepthDataset, indices: Sequence[int], jobs: Sequence[Job], folder: Path, rows: int
) -> None:
    """Write best.png, worst.png (by MAE) and spread.png of each job, and all jobs side by side.

    The chosen frames are predicted again, so that an interrupted run also has all its sheets.

    Args:
        dataset: that was scored.
        indices: the samples that were.
        jobs: models under one condition; their tables tell which frames are best.
        folder: for side_by_side.png; the others go to the folders of the tables.
        rows: frames per sheet.
    """
    all_names = dataset.names
    names = [all_names[index] for index in indices]
    sheets = [
        _Sheet(job.table.folder / f"{kind}.png", chosen, partial(_model_row, job=job))
        for job in jobs
        for kind, chosen in chosen_frames(job, names, rows).items()
    ]
    if len(jobs) > 1:
        common = [name for name in names if all(job.table.has(name) for job in jobs)]
        draw = partial(side_by_side, jobs=jobs)
        sheets.append(_Sheet(folder / SIDE_BY_SIDE, _spread(common, rows), draw))
    drawn: dict[tuple[Path, str], UInt8Array] = {}
    for index, name in zip(indices, names, strict=True):
        showing = [sheet for sheet in sheets if name in sheet.names]
        if showing:
            try:
                drawn.update(_drawn(dataset[index], name, showing))
            except OF_ONE_FRAME as error:
                print(f"{name} is not on the sheets: {error}", file=sys.stderr)
    for sheet in sheets:
        rows_drawn = [
            drawn[sheet.file, name] for name in sheet.names if (sheet.file, name) in drawn
        ]
        if rows_drawn:
            write_picture(sheet.file, stacked(*rows_drawn))


def _drawn(
    sample: Sample, name: str, showing: Sequence[_Sheet]
) -> dict[tuple[Path, str], UInt8Array]:
    answers = cache(partial(_answer, sample))  # one frame may be on several sheets
    return {(sheet.file, name): sheet.draw(sample, answers) for sheet in showing}


def chosen_frames(job: Job, names: Sequence[str], count: int) -> dict[str, list[str]]:
    """The names for each sheet; best and worst are disjoint, and divide few frames among them.

    The worst frame comes first on its sheet.
    """
    answered = [job.table.records[name] for name in names if job.table.has(name)]
    scored = [item for item in answered if item.metrics and item.metrics.pixels]
    ranked = sorted(scored, key=lambda item: item.metrics.mae_mm if item.metrics else 0.0)
    ordered = [item.name for item in ranked]
    best = min(count, math.ceil(len(ordered) / 2))
    return {
        "best": ordered[:best],
        "worst": ordered[best:][::-1][:count],
        "spread": _spread([item.name for item in answered], count),
    }


def side_by_side(sample: Sample, answers: Answers, jobs: Sequence[Job]) -> UInt8Array:
    """One frame: image over measurements, then each model's depth over its error, shared scales."""
    sparse, truth = answers(jobs[0]).sparse, sample.truth
    scale = _scale(sparse, truth)
    errors = error_scale([absolute_errors(answers(job), truth) for job in jobs] if truth else [])
    measured = f"{sparse.count} measured pixels"
    columns = [_column(sample.image, "image", overlay(sample.image, sparse, scale), measured)]
    for job in jobs:
        answer = answers(job)
        depth = colorize(answer.depth, answer.valid, scale)
        error = error_map(answer, truth, errors) if truth else np.zeros_like(depth)
        columns.append(_column(depth, job.predictor.label, error, _error_words(job, sample)))
    height = columns[0].shape[0]
    row = beside(*columns, color_bar(scale, height=height), color_bar(errors, height=height))
    return stacked(title(sample.name, width=row.shape[1]), row)


def _answer(sample: Sample, job: Job) -> DepthPrediction:
    return job.predictor.predict(job.condition.apply(sample))[0]


def _model_row(sample: Sample, answers: Answers, job: Job) -> UInt8Array:
    prediction = answers(job)
    scale = _scale(prediction.sparse, sample.truth)
    picture = frame_picture(sample.image, prediction, sample.truth, scale)
    return stacked(
        title(_record_words(job.table.records[sample.name]), width=picture.shape[1]), picture
    )


def _scale(sparse: SparseDepth, truth: SparseDepth | None) -> Scale:
    """Of what is known, not of what is guessed, so that all models share it."""
    return depth_scale([sparse.depth, *([truth.depth] if truth else [])])


def _column(upper: UInt8Array, label: str, lower: UInt8Array, lower_label: str) -> UInt8Array:
    width = _COLUMN_WIDTH_PX
    return stacked(panel(upper, label, width=width), panel(lower, lower_label, width=width))


def _record_words(record: FrameRecord) -> str:
    if record.metrics is None:
        return record.name
    metrics = record.metrics
    return (
        f"{record.name}   MAE {metrics.mae_mm:.0f} mm   RMSE {metrics.rmse_mm:.0f} mm   "
        f"coverage {100 * metrics.coverage:.1f} %"
    )


def _error_words(job: Job, sample: Sample) -> str:
    metrics = job.table.records[sample.name].metrics
    if metrics is None:
        return "no truth"
    return f"error: MAE {metrics.mae_mm:.0f}, RMSE {metrics.rmse_mm:.0f} mm (grey: not compared)"


def _spread(items: Sequence[T], count: int) -> list[T]:
    """At most this many of them, spread from the first to the last."""
    return [items[place] for place in evenly_spread(len(items), count)] if count else []
