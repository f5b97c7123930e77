# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run changed on the frames that it was not trained on, from its first weights to its last.

Written into the run's folder: ``comparison.json`` with the figures of each frame, and
``comparison.png`` with some of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from depth_completion_core.data.sampling.choosing import evenly_spread
from depth_completion_core.files.json_files import write_json
from depth_completion_core.metrics import DepthMetrics
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.sample_loader import SampleLoader
from depth_completion_core.training.loop.paired_change import PairedChange, paired_change
from depth_completion_core.training.loop.train_state import starting_model
from depth_completion_core.training.loop.validation import ScoredSample, scored_sample
from depth_completion_core.training.recipes.recipe import Recipe

FIGURES = {"RMSE": ("rmse_mm", "mm"), "MAE": ("mae_mm", "mm"), "iRMSE": ("irmse_per_km", "1/km")}
"""What is compared: the metric's name and unit, by heading."""
_DECISIVE = "RMSE"
_SHOWN = 3
_ROUNDING_PERCENT = 0.05


class FrameFigures(NamedTuple):
    """A figure of each frame, before and after.

    Attributes:
        unit: in which it is measured.
        before: of each frame.
        after: of the same frames.
    """

    unit: str
    before: tuple[float, ...]
    after: tuple[float, ...]

    @property
    def change(self) -> PairedChange:
        """Of the mean."""
        return paired_change(self.before, self.after)


class Comparison(NamedTuple):
    """Figures of the same frames with two sets of weights.

    Attributes:
        frames: their names.
        figures: by heading.
    """

    frames: tuple[str, ...]
    figures: Mapping[str, FrameFigures]

    @property
    def is_better(self) -> bool:
        """Whether the error fell, certainly or not, by more than rounding."""
        return self.figures[_DECISIVE].change.percent < -_ROUNDING_PERCENT

    @property
    def verdict(self) -> str:
        """In a sentence or two, to be read by who will use the weights or not."""
        change = self.figures[_DECISIVE].change
        if not self.is_better:
            return (
                "NOT BETTER: the error on frames that were not trained on did not fall. Do not use "
                "these weights; keep those that the run began with. Try more frames, a lower "
                "--schedule.rate or fewer --max_steps."
            )
        if not change.is_certainly_lower:
            return (
                "NOT CERTAIN: the error fell, but its 95 % interval includes 0. Score the weights "
                "on more frames, with evaluate, before they are used."
            )
        return "BETTER on frames that were not trained on."

    def lines(self) -> list[str]:
        """A table for the screen."""
        rows = [("held out", "before", "after", "change", "95 % interval over frames")]
        for heading, figure in self.figures.items():
            change = figure.change
            rows.append(
                (
                    f"{heading} [{figure.unit}]",
                    f"{change.before:.4g}",
                    f"{change.after:.4g}",
                    f"{change.percent:+.1f} %",
                    f"{change.low_percent:+.1f} to {change.high_percent:+.1f} %",
                )
            )
        widths = [max(len(row[column]) for row in rows) + 2 for column in range(len(rows[0]))]
        table = [
            "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return [f"{len(self.frames)} frames were not trained on", *table, self.verdict]

    def write(self, path: Path) -> None:
        """All figures as JSON; raises WriteError."""
        figures = {
            heading: {**figure._asdict(), **figure.change._asdict(), "per_frame": per_frame}
            for heading, figure in self.figures.items()
            for per_frame in [
                dict(zip(self.frames, zip(figure.before, figure.after, strict=True), strict=True))
            ]
        }
        write_json(path, {"verdict": self.verdict, "is_better": self.is_better, "figures": figures})


def compare_with_start(
    recipe: Recipe,
    model: CompletionModel,
    held_out: SampleLoader,
    folder: Path,
    device: torch.device,
) -> Comparison:
    """Score the first weights and the last ones, write what changed, and print it.

    Args:
        recipe: of the run.
        model: with the last weights, in evaluation mode on the device.
        held_out: frames that were not trained on.
        folder: of the run.
        device: where to run.

    Raises:
        TrainingError: no frame has a depth to compare with.
    """
    start = starting_model(recipe).to(device).eval()
    protocol = recipe.validate.protocol

    def both(index: int) -> tuple[ScoredSample | None, ScoredSample | None]:
        first, second = (
            scored_sample(each, held_out, index, protocol, device) for each in (start, model)
        )
        return first, second

    scored: dict[int, tuple[str, DepthMetrics, DepthMetrics]] = {}
    for index in range(len(held_out)):
        first, second = both(index)
        if first is not None and second is not None and math.isfinite(first.metrics.rmse_mm):
            scored[index] = first.name, first.metrics, second.metrics
    comparison = _of_figures(list(scored.values()))
    comparison.write(folder / "comparison.json")
    print("\n".join(comparison.lines()))
    gains = {index: after.rmse_mm / before.rmse_mm for index, (_, before, after) in scored.items()}
    _write_picture(folder / "comparison.png", [both(index) for index in _spread(gains)])
    return comparison


def _of_figures(scored: Sequence[tuple[str, DepthMetrics, DepthMetrics]]) -> Comparison:
    if not scored:
        raise TrainingError(
            "no frame that is scored on has a depth to compare with, so it is not known whether "
            "the weights became better; hold out other frames (--data.held_out, --validation.set)"
        )
    figures = {
        heading: FrameFigures(
            unit,
            tuple(getattr(before, metric) for _, before, _ in scored),
            tuple(getattr(after, metric) for _, _, after in scored),
        )
        for heading, (metric, unit) in FIGURES.items()
    }
    return Comparison(tuple(name for name, _, _ in scored), figures)


def _spread(gains: Mapping[int, float]) -> list[int]:
    """The frames that gained most, that lie in the middle, and that gained least or lost."""
    order = sorted(gains, key=lambda index: gains[index])
    return [order[place] for place in evenly_spread(len(order), _SHOWN)]


def _write_picture(path: Path, pairs: Sequence[tuple[Any, Any]]) -> None:
    try:
        from depth_completion_core.training.loop.comparison_picture import (  # noqa: PLC0415 - needs cv2
            write_comparison_picture,
        )
    except ImportError:
        return
    write_comparison_picture(path, pairs)
