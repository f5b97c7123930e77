# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measurements kept from the model, to be the truth that it is scored with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.geometry.scan_rows import keep_every_nth_row, scan_rows
from depth_completion_core.sensing.placed_frame import PlacedFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """Which measurements are kept from the model to be its truth.

    Attributes:
        share: share of the measured pixels, chosen at random; 0 for none.
        keep_lines: only every n-th scan line stays in; 1 for all.
        seed: of the draw.
    """

    share: float = 0.0
    keep_lines: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 <= self.share < 1.0:
            raise ValueError(f"--holdout is a share from 0 to below 1, got {self.share}")
        if self.keep_lines < 1:
            raise ValueError(f"--keep-lines is 1 or more, got {self.keep_lines}")
        if self.share and self.keep_lines > 1:
            raise ValueError("--holdout and --keep-lines withhold points both; give one of them")

    @property
    def is_on(self) -> bool:
        """Whether anything is withheld."""
        return self.share > 0 or self.keep_lines > 1

    def split(
        self, placed: PlacedFrame, project: Callable[[Frame], SparseDepth]
    ) -> tuple[Frame, SparseDepth]:
        """A frame with the kept measurements only, projected, and the withheld ones.

        Further views lose theirs: a cloud may have been measured with several images.

        Args:
            placed: the frame.
            project: gives the measurements of a frame on its pixels, as a completer does.
        """
        frame = placed.frame
        everything = project(frame)
        if self.keep_lines > 1:
            chosen = keep_every_nth_row(scan_rows(placed.sensor_points), self.keep_lines)
            points = None if frame.points is None else frame.points[chosen]
            kept = project(replace(frame, points=points))
        elif self.share:
            random = np.random.default_rng([self.seed, frame.stamp_ns])
            chosen = random.random(everything.valid.shape) >= self.share
            kept = everything.masked(chosen)
        else:
            kept = everything
        truth = everything.masked(~kept.valid)
        views = frame.views
        if self.is_on:
            views = tuple(replace(view, sparse=None) for view in views)
        shown = replace(frame, points=None, camera_from_points=None, sparse=kept, views=views)
        return shown, truth
