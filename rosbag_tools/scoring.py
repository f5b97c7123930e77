# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How good a completion of one's own bag is: against a truth topic, or against withheld points."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from depth_completion_core.codecs.compressed_depth import decode_compressed_depth
from depth_completion_core.codecs.depth import decode_depth
from depth_completion_core.completer import DepthCompleter
from depth_completion_core.data.scan_rows import keep_every_nth_row, scan_rows
from depth_completion_core.frame import DepthPrediction, Frame, SparseDepth
from depth_completion_core.framing import PlacedFrame
from depth_completion_core.metrics import DepthMetrics, Protocol, depth_metrics, mean_metrics
from rosbag_tools.errors import BagError
from rosbag_tools.messages import IMAGE

_TRUTH_SLOP_NS = 5_000_000
_TRUTH_WAITING = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Withholding:
    """Which measurements are kept from the model to be its truth.

    Attributes:
        share: share of the measured pixels, drawn at random; 0 for none.
        keep_lines: only every n-th scan line stays in; 1 for all.
        seed: of the draw.
    """

    share: float = 0.0
    keep_lines: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 <= self.share < 1.0:
            raise BagError(f"--holdout is a share from 0 to below 1, got {self.share}")
        if self.keep_lines < 1:
            raise BagError(f"--keep-lines is 1 or more, got {self.keep_lines}")
        if self.share and self.keep_lines > 1:
            raise BagError("--holdout and --keep-lines withhold points both; give one of them")

    @property
    def is_on(self) -> bool:
        """Whether anything is withheld."""
        return self.share > 0 or self.keep_lines > 1

    def split(self, placed: PlacedFrame, completer: DepthCompleter) -> tuple[Frame, SparseDepth]:
        """A frame with the kept measurements only, and the withheld ones."""
        frame = placed.frame
        everything = completer.sparse_depth(frame)
        if self.keep_lines > 1:
            chosen = keep_every_nth_row(scan_rows(placed.sensor_points), self.keep_lines)
            points = None if frame.points is None else frame.points[chosen]
            kept = completer.sparse_depth(replace(frame, points=points))
        else:
            random = np.random.default_rng([self.seed, frame.stamp_ns])
            chosen = random.random(everything.valid.shape) >= self.share
            kept = _masked(everything, chosen)
        truth = _masked(everything, ~kept.valid)
        return replace(frame, points=None, camera_from_points=None, sparse=kept), truth


class Truths:
    """Recent messages of the truth topic, to be found by the stamp of an image."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, Any]] = deque(maxlen=_TRUTH_WAITING)

    def add(self, stamp_ns: int, message: Any) -> None:  # noqa: ANN401 - Image or CompressedImage
        """Take a message."""
        self._recent.append((stamp_ns, message))

    def at(self, stamp_ns: int) -> Any | None:  # noqa: ANN401
        """The message within 5 ms of a stamp, or None."""
        near = [item for item in self._recent if abs(item[0] - stamp_ns) <= _TRUTH_SLOP_NS]
        return min(near, key=lambda item: abs(item[0] - stamp_ns))[1] if near else None


def decode_truth(message: Any, msgtype: str, size: tuple[int, int]) -> SparseDepth:  # noqa: ANN401
    """The depth of a truth message.

    Raises:
        ValueError: it cannot be decoded, or has not the (height, width) of the image.
    """
    decode = decode_depth if msgtype == IMAGE else decode_compressed_depth
    depth, valid = decode(message)
    if depth.shape != size:
        raise ValueError(f"the truth is {depth.shape}, the image {size} (height, width)")
    return SparseDepth(depth, valid)


class Scores:
    """Collects the metrics of every scored frame."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self.frames: list[DepthMetrics] = []

    def add(self, prediction: DepthPrediction, truth: SparseDepth) -> None:
        """Score one frame."""
        self.frames.append(
            depth_metrics(
                prediction.depth, prediction.valid, truth.depth, truth.valid, self._protocol
            )
        )

    def summary(self) -> dict[str, float]:
        """Means over the frames; empty where none was scored."""
        return mean_metrics(self.frames) if self.frames else {}


def _masked(sparse: SparseDepth, mask: np.ndarray[Any, np.dtype[np.bool_]]) -> SparseDepth:
    valid = sparse.valid & mask
    return SparseDepth(np.where(valid, sparse.depth, np.float32(0)), valid)
