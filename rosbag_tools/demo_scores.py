# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's scores: over every pixel with true depth, and over those that the lidar covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.metrics import DepthMetrics, depth_metrics, protocol_named
from rosbag_tools.bag_frames import FrameToComplete
from rosbag_tools.scoring import Scores

COVERED_RADIUS_PX = 12.0
"""The lidar covers the pixels that are no farther than this from a measured pixel."""

PROTOCOL = protocol_named("all")
_HEADINGS = ("MAE mm", "RMSE mm", "MAE mm", "RMSE mm", "REL", "ms/frame")


class Row(NamedTuple):
    """One line of the table: a model on the drive through one scene.

    Attributes:
        scene: name of the scene.
        model: name of the model.
        everywhere: means over the frames, over every pixel with true depth.
        covered: the same over the pixels that the lidar covers.
        model_ms: median time of the model per frame, milliseconds.
    """

    scene: str
    model: str
    everywhere: Mapping[str, float]
    covered: Mapping[str, float]
    model_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredScores:
    """Scores over the pixels that the lidar covers.

    Attributes:
        scores: means over the frames, for each model.
        uncovered_share: share of the pixels with true depth that the lidar does not cover.
    """

    scores: dict[str, dict[str, float]]
    uncovered_share: float


def covered_scores(
    frames: Iterable[FrameToComplete], completers: Mapping[str, DepthCompleter]
) -> CoveredScores:
    """Complete and score frames with true depth by several models."""
    scores = {name: Scores(PROTOCOL) for name in completers}
    covered_pixels, pixels = 0, 0
    for item in frames:
        if item.truth is None:
            continue
        for name, completer in completers.items():
            prediction = completer.complete(item.placed.frame)
            scores[name].add(prediction, covered_part(item.truth, prediction))
        covered_pixels += covered_part(item.truth, prediction).count  # the same for every model
        pixels += item.truth.count
    return CoveredScores(
        scores={name: each.summary() for name, each in scores.items()},
        uncovered_share=1.0 - covered_pixels / max(pixels, 1),
    )


def covered_part(truth: SparseDepth, prediction: DepthPrediction) -> SparseDepth:
    """The true depth where the lidar covers the image."""
    return truth.masked(prediction.support_distance_px <= COVERED_RADIUS_PX)


def metrics_of(prediction: DepthPrediction, truth: SparseDepth) -> DepthMetrics:
    """The errors of one frame, over every pixel with true depth."""
    depth = prediction.along_z
    return depth_metrics(depth.depth, depth.valid, truth.depth, truth.valid, PROTOCOL)


def table(rows: Iterable[Row], uncovered_shares: Mapping[str, float]) -> list[str]:
    """The lines of the printed table, and what its columns mean.

    Args:
        rows: the lines.
        uncovered_shares: see :class:`CoveredScores`, for each scene.
    """
    lines = [
        f"{'':23}{'every pixel':>20}{'covered pixels':>20}{'every pixel':>20}",
        f"{'scene':8}{'model':15}" + "".join(f"{heading:>10}" for heading in _HEADINGS),
    ]
    for row in rows:
        everywhere, covered = row.everywhere, row.covered
        lines.append(
            f"{row.scene:8}{row.model:15}{everywhere['mae_mm']:10.0f}{everywhere['rmse_mm']:10.0f}"
            f"{covered['mae_mm']:10.0f}{covered['rmse_mm']:10.0f}{everywhere['rel']:10.4f}"
            f"{row.model_ms:10.1f}"
        )
    shares = ", ".join(
        f"{100 * share:.0f} % in the {scene}" for scene, share in uncovered_shares.items()
    )
    return [
        *lines,
        "Every pixel: all pixels with true depth, also where the lidar never measured.",
        f"Covered pixels: only those within {COVERED_RADIUS_PX:g} pixels of a measured one.",
        f"Pixels with true depth that the lidar does not cover: {shares}.",
    ]
