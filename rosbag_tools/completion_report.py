# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What came of completing a bag."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from depth_completion_core.files.json_files import without_nan
from depth_completion_core.sensing.drop_counts import DropCounts
from depth_completion_core.sensing.far_depth import far_depth_note


@dataclass(slots=True, kw_only=True)
class CompletionReport:
    """What came of it.

    Attributes:
        frames: frames completed and written.
        images: images in the bag.
        drops: messages that were not used, by reason, each with one example.
        scores: mean metrics; empty without truth.
        model_ms: time in the model and around it (projection included), for each frame.
        gap_ms: time between image and cloud of each pair.
        confidence: mean confidence of each frame, where the model gives one.
        coverage: share of the image's pixels with a depth, of each frame.
        beyond_16uc1: share of the image's pixels whose depth 16UC1 cannot hold, of each frame that
            is written so.
        interrupted: whether the user stopped it.
        damage: why reading ended early; empty where it did not.
        notes: what was found of the streams after the plan was told.
        doubts: what measurements say against the place of the clouds, with what to do.
    """

    frames: int = 0
    images: int = 0
    drops: DropCounts = field(default_factory=DropCounts)
    scores: dict[str, float] = field(default_factory=dict)
    model_ms: list[float] = field(default_factory=list)
    gap_ms: list[float] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    coverage: list[float] = field(default_factory=list)
    beyond_16uc1: list[float] = field(default_factory=list)
    interrupted: bool = False
    damage: str = ""
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def report_json(report: CompletionReport, model: str) -> dict[str, object]:
    """The report as plain values; what is not a number becomes null."""
    counts = report.drops.counts
    return {
        "model": model,
        "frames": report.frames,
        "images": report.images,
        "drops": counts,
        "drop_examples": {why: text for why in counts if (text := report.drops.example(why))},
        "scores": without_nan(report.scores),
        "model_ms": without_nan(_percentiles(report.model_ms)),
        "gap_ms": without_nan(_percentiles(report.gap_ms)),
        **without_nan(
            {
                "coverage_of_image": _mean(report.coverage),
                "beyond_16uc1_of_image": _mean(report.beyond_16uc1),
                "mean_confidence": _mean(report.confidence),
            }
        ),
        "interrupted": report.interrupted,
        "damage": report.damage,
        "notes": report.notes,
        "doubts": report.doubts,
    }


def summary_lines(report: CompletionReport) -> list[str]:
    """The report for people, without its scores."""
    model_ms, gap_ms = _percentiles(report.model_ms), _percentiles(report.gap_ms)
    lines = [
        f"model        p50 {model_ms['p50']:.1f} ms, p99 {model_ms['p99']:.1f} ms per frame",
        f"pair gap     p50 {gap_ms['p50']:.1f} ms, p99 {gap_ms['p99']:.1f} ms",
        f"coverage     {100 * _mean(report.coverage):.1f} % of the image",
    ]
    if report.confidence:
        lines.append(f"confidence   {_mean(report.confidence):.3f} on average")
    lines.extend(f"not used     {line}" for line in report.drops.lines)
    lines.extend(f"note         {note}" for note in report.notes)
    lines.extend(f"warning      {doubt}" for doubt in report.doubts)
    if any(report.beyond_16uc1):
        lines.append(f"warning      {far_depth_note(_mean(report.beyond_16uc1))}")
    if report.damage:
        lines.append(f"stopped      {report.damage}")
    return lines


def score_line(scores: dict[str, float], truth: str) -> str:
    """Mean metrics as one line; ``truth`` says what they were measured against."""
    return (
        f"error        MAE {scores['mae_mm']:.1f} mm, RMSE {scores['rmse_mm']:.1f} mm, "
        f"iMAE {scores['imae_per_km']:.2f} 1/km, iRMSE {scores['irmse_per_km']:.2f} 1/km, "
        f"REL {scores['rel']:.4f}, delta1 {scores['delta1']:.4f}, "
        f"coverage {scores['coverage']:.3f}; {scores['images']:.0f} frames against {truth}"
    )


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {"p50": math.nan, "p99": math.nan}
    return {"p50": float(np.percentile(values, 50)), "p99": float(np.percentile(values, 99))}
