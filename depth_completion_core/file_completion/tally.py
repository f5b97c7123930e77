# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What became of several frames: what went wrong, what came out empty, and what was measured."""

from __future__ import annotations

import sys

from depth_completion_core.config import OutputConfig
from depth_completion_core.files.depth_pngs import DepthPngs
from depth_completion_core.files.depth_ranges import DepthRange, scale_doubt, unit_question
from depth_completion_core.files.listing import listed
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.intrinsics_doubts import DoubtsOnce
from depth_completion_core.metrics import DepthMetrics, Protocol, depth_metrics


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
        self._intrinsics = DoubtsOnce()
        self._empty: list[str] = []
        self._range = DepthRange()

    def fail(self, name: str, error: Exception) -> None:
        """A frame that could not be completed is told at once."""
        self.failed.append(f"{name}: {str(error) or type(error).__name__}")
        print(f"failed: {self.failed[-1]}", file=sys.stderr)

    def doubt(self, name: str, camera: CameraModel | None) -> None:
        """Intrinsics that hardly belong to their image are told at once."""
        for doubt in self._intrinsics.new(camera):
            print(f"warning: {name}: {doubt}", file=sys.stderr)

    def add(
        self, name: str, prediction: DepthPrediction, ms: float, truth: SparseDepth | None
    ) -> None:
        """A frame that was completed, and its true depth where that is known."""
        self.names.append(name)
        self.model_ms.append(ms)
        if truth is not None:
            depth = prediction.along_z
            if not self.scores and (doubt := scale_doubt(prediction.sparse, truth)):
                print(f"{name}: {doubt}", file=sys.stderr)
            self.scores.append(
                depth_metrics(depth.depth, depth.valid, truth.depth, truth.valid, self._protocol)
            )
        is_first = not self._range.is_known
        self._range.add(prediction.sparse)
        if is_first and (doubt := self._range.doubt(self._scale_in_words())):
            print(f"{name}: {doubt}", file=sys.stderr)
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
        measured = self._range
        if not measured.is_known:
            return f"{begin}: no measurement in any file, all numbers are 0 or not finite"
        if measured.nearest > limits.max_depth or measured.farthest < limits.min_depth:
            return (
                f"{begin}: all measurements lie outside of the range from output.min_depth "
                f"({limits.min_depth:g} m) to output.max_depth ({limits.max_depth:g} m): they are "
                f"{measured}. {unit_question(self._scale_in_words())}"
            )
        return (
            f"{begin}: their files hold no measurement, or nothing is left within the limits of "
            "the output (--output...)"
        )

    def measured(self) -> str:
        """What was measured, as "measured: 0.5 to 12 m"; "" where nothing was."""
        if not self._range.is_known:
            return ""
        return f"measurements are {self._range} (depth PNGs at {self._depth_scale:g} per metre)"

    def _scale_in_words(self) -> str:
        return f"--depth-scale ({self._depth_scale:g} now; 1000 for millimetres)"
