# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What came of one frame of a bag."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from depth_completion_core.codecs.depth import share_beyond_16uc1
from depth_completion_core.files.json_files import without_nan
from depth_completion_core.frame import DepthPrediction
from depth_completion_core.metrics import DepthMetrics
from depth_completion_core.sensing.placed_frame import PlacedFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameOutcome:
    """The numbers of a frame that was completed; None where there is no such number.

    Attributes:
        stamp_ns: time of the image, nanoseconds.
        gap_ms: time between image and cloud.
        model_ms: time in the model and around it (projection included).
        measured_pixels: number of measurements that the model saw.
        coverage: share of the image's pixels with a depth.
        confidence: mean confidence, where the model gives one.
        beyond_16uc1: share of the image's pixels whose depth 16UC1 cannot hold, where it is written
            so.
        metrics: errors against the truth; None without any.
    """

    stamp_ns: int
    gap_ms: float
    model_ms: float
    measured_pixels: int
    coverage: float
    confidence: float | None = None
    beyond_16uc1: float | None = None
    metrics: DepthMetrics | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values; what is not a number becomes null."""
        values = asdict(self)
        if self.metrics:
            values["metrics"] = without_nan(values["metrics"])
        return values


def outcome_of(
    placed: PlacedFrame,
    prediction: DepthPrediction,
    *,
    model_ms: float,
    metrics: DepthMetrics | None,
    is_16uc1: bool,
) -> FrameOutcome:
    """The numbers of a frame.

    Args:
        placed: the frame.
        prediction: its depth.
        model_ms: how long that took.
        metrics: its errors, where there is a truth.
        is_16uc1: whether the depth is written as 16UC1.
    """
    depth, confidence = prediction.along_z, prediction.confidence
    return FrameOutcome(
        stamp_ns=placed.frame.stamp_ns,
        gap_ms=placed.gap_ns / 1e6,
        model_ms=model_ms,
        measured_pixels=prediction.sparse.count,
        coverage=float(prediction.valid.mean()),
        confidence=None if confidence is None else float(confidence.mean()),
        beyond_16uc1=share_beyond_16uc1(depth.depth, depth.valid) if is_16uc1 else None,
        metrics=metrics,
    )
