# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of the same frames with two sets of weights, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from depth_completion_core.files.json_files import write_json
from depth_completion_core.training.loop.paired_change import PairedChange, paired_change

DECISIVE = "RMSE"
"""The figure that says whether weights are better."""

_ROUNDING_PERCENT = 0.05


class FrameFigures(NamedTuple):
    """A figure of each frame, before and after.

    Attributes:
        unit: in which it is measured.
        frames: their names.
        before: of each frame.
        after: of the same frames.
    """

    unit: str
    frames: tuple[str, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]

    @property
    def change(self) -> PairedChange:
        """Of the mean."""
        return paired_change(self.before, self.after)

    @property
    def per_frame(self) -> dict[str, tuple[float, float]]:
        """Both figures by the name of the frame."""
        return dict(zip(self.frames, zip(self.before, self.after, strict=True), strict=True))


class Comparison(NamedTuple):
    """Figures of the same frames with two sets of weights.

    Attributes:
        figures: by heading.
    """

    figures: Mapping[str, FrameFigures]

    @property
    def is_better(self) -> bool:
        """Whether the error fell, certainly or not, by more than rounding."""
        return self.figures[DECISIVE].change.percent < -_ROUNDING_PERCENT

    @property
    def verdict(self) -> str:
        """In a sentence or two, to be read by who will use the weights or not."""
        if not self.is_better:
            return (
                "NOT BETTER: the error on frames that were not trained on did not fall. Do not use "
                "these weights; keep those that the run began with. Try more frames, a lower "
                "--schedule.rate or fewer --max_steps."
            )
        if not self.figures[DECISIVE].change.is_certainly_lower:
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
        count = len(self.figures[DECISIVE].frames)
        return [f"{count} frames were not trained on", *table, self.verdict]

    def write(self, path: Path) -> None:
        """All figures as JSON; raises WriteError."""
        figures = {
            heading: {"unit": figure.unit, **figure.change._asdict(), "per_frame": figure.per_frame}
            for heading, figure in self.figures.items()
        }
        write_json(path, {"verdict": self.verdict, "is_better": self.is_better, "figures": figures})
