# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What became of several frames: what went wrong, what came out empty, and what was measured."""

from __future__ import annotations

import math
import sys

import numpy as np

from depth_completion_core.config import OutputConfig
from depth_completion_core.files.depth_pngs import DepthPngs
from depth_completion_core.files.listing import listed
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.metrics import DepthMetrics, Protocol, depth_metrics

_IMPLAUSIBLE_MEDIAN = 80.0  # metres; half of what a lidar sees is nearer


class Tally:
    """Counts frames as they are done.

    Attributes:
        names: of the frames that were completed.
        scores: of those that have a truth.
        model_ms: how long the model took for each.
        failed: what is wrong with others, in sentences.
        pngs: the depth PNGs that were written.
    """

    def __init__(self, protocol: Protocol, output: OutputConfig, depth_scale: float) -> None:
        self.names: list[str] = []
        self.scores: list[DepthMetrics] = []
        self.model_ms: list[float] = []
        self.failed: list[str] = []
        self.pngs = DepthPngs(depth_scale)
        self._protocol, self._output, self._depth_scale = protocol, output, depth_scale
        self._empty: list[str] = []
        self._nearest, self._farthest = math.inf, 0.0

    def fail(self, name: str, error: Exception) -> None:
        """A frame that could not be completed is told at once."""
        self.failed.append(f"{name}: {str(error) or type(error).__name__}")
        print(f"failed: {self.failed[-1]}", file=sys.stderr)

    def add(
        self, name: str, prediction: DepthPrediction, ms: float, truth: SparseDepth | None
    ) -> None:
        """A frame that was completed, and its true depth where that is known."""
        self.names.append(name)
        self.model_ms.append(ms)
        if truth is not None:
            depth = prediction.along_z
            self.scores.append(
                depth_metrics(depth.depth, depth.valid, truth.depth, truth.valid, self._protocol)
            )
        measured = prediction.sparse.depth[prediction.sparse.valid]
        if measured.size:
            if self._farthest == 0 and float(np.median(measured)) > _IMPLAUSIBLE_MEDIAN:
                print(
                    f"{name}: half of its measurements are more than {_IMPLAUSIBLE_MEDIAN:g} m "
                    f"away, which is implausible. {self._units()}",
                    file=sys.stderr,
                )
            self._nearest = min(self._nearest, float(measured.min()))
            self._farthest = max(self._farthest, float(measured.max()))
        if not prediction.valid.any():
            self._empty.append(name)

    @property
    def all_empty(self) -> bool:
        """Whether nothing came out of any frame."""
        return len(self._empty) == len(self.names)

    def emptiness(self) -> str:
        """A sentence on the frames that came out empty, with the likely cause; "" for none."""
        if not self._empty:
            return ""
        begin = f"{len(self._empty)} of {len(self.names)} depth maps are empty"
        begin += f" ({listed(self._empty)})"
        limits = self._output
        if self._farthest == 0:
            return f"{begin}: no measurement in any file, all numbers are 0 or not finite"
        if self._nearest > limits.max_depth or self._farthest < limits.min_depth:
            return (
                f"{begin}: all measurements lie outside of the range from output.min_depth "
                f"({limits.min_depth:g} m) to output.max_depth ({limits.max_depth:g} m): they are "
                f"{self._range()}. {self._units()}"
            )
        return (
            f"{begin}: their files hold no measurement, or nothing is left within the limits of "
            "the output (--output...)"
        )

    def measured(self) -> str:
        """What was measured, as "measured: 0.5 to 12 m"; "" where nothing was."""
        if self._farthest == 0:
            return ""
        return f"measurements are {self._range()} (depth PNGs at {self._depth_scale:g} per metre)"

    def _range(self) -> str:
        return f"{self._nearest:.3g} to {self._farthest:.4g} m away"

    def _units(self) -> str:
        return (
            "Is the unit right? .npy files hold metres, and PNGs metres times --depth-scale "
            f"({self._depth_scale:g} now; 1000 for millimetres)"
        )
