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
from rosbag_tools.frame_outcome import FrameOutcome


@dataclass(slots=True, kw_only=True)
class CompletionReport:
    """What came of it.

    Attributes:
        outcomes: of the frames completed and written, in order.
        images: images in the bag.
        drops: messages that were not used, by reason, each with one example.
        scores: mean metrics; empty without truth.
        interrupted: whether the user stopped it.
        damage: why reading ended early; empty where it did not.
        notes: what was found of the streams after the plan was told.
        doubts: what measurements say against the place of the clouds, with what to do.
    """

    outcomes: list[FrameOutcome] = field(default_factory=list)
    images: int = 0
    drops: DropCounts = field(default_factory=DropCounts)
    scores: dict[str, float] = field(default_factory=dict)
    interrupted: bool = False
    damage: str = ""
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def frames(self) -> int:
        """How many frames were completed and written."""
        return len(self.outcomes)

    def known(self, name: str) -> list[float]:
        """A number of :class:`FrameOutcome`, of each frame that has it."""
        values = (getattr(outcome, name) for outcome in self.outcomes)
        return [float(value) for value in values if value is not None]


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
        "model_ms": without_nan(_percentiles(report.known("model_ms"))),
        "gap_ms": without_nan(_percentiles(report.known("gap_ms"))),
        **without_nan(
            {
                "coverage_of_image": _mean(report.known("coverage")),
                "beyond_16uc1_of_image": _mean(report.known("beyond_16uc1")),
                "mean_confidence": _mean(report.known("confidence")),
            }
        ),
        "interrupted": report.interrupted,
        "damage": report.damage,
        "notes": report.notes,
        "doubts": report.doubts,
    }


def summary_lines(report: CompletionReport) -> list[str]:
    """The report for people, without its scores."""
    model_ms, gap_ms = _percentiles(report.known("model_ms")), _percentiles(report.known("gap_ms"))
    confidence, beyond_16uc1 = report.known("confidence"), report.known("beyond_16uc1")
    lines = [
        f"model        p50 {model_ms['p50']:.1f} ms, p99 {model_ms['p99']:.1f} ms per frame",
        f"pair gap     p50 {gap_ms['p50']:.1f} ms, p99 {gap_ms['p99']:.1f} ms",
        f"coverage     {100 * _mean(report.known('coverage')):.1f} % of the image",
    ]
    if confidence:
        lines.append(f"confidence   {_mean(confidence):.3f} on average")
    lines.extend(f"not used     {line}" for line in report.drops.lines)
    lines.extend(f"note         {note}" for note in report.notes)
    lines.extend(f"warning      {doubt}" for doubt in report.doubts)
    if any(beyond_16uc1):
        lines.append(f"warning      {far_depth_note(_mean(beyond_16uc1))}")
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
