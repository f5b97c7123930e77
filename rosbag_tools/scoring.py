# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of a completed bag, against a truth topic or against withheld points."""

from __future__ import annotations

from typing import Any

from depth_completion_core.codecs.compressed_depth import decode_compressed_depth
from depth_completion_core.codecs.depth import decode_depth
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.metrics import DepthMetrics, Protocol, depth_metrics, mean_metrics
from rosbag_tools.messages import IMAGE


def decode_truth(message: Any, msgtype: str, size: tuple[int, int]) -> SparseDepth:  # noqa: ANN401
    """The depth of a truth message.

    Raises:
        ValueError: it cannot be decoded, or does not have the (height, width) of the image.
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

    def add(self, prediction: DepthPrediction, truth: SparseDepth) -> DepthMetrics:
        """Score one frame."""
        depth = prediction.along_z
        self.frames.append(
            depth_metrics(depth.depth, depth.valid, truth.depth, truth.valid, self._protocol)
        )
        return self.frames[-1]

    def summary(self) -> dict[str, float]:
        """Means over the frames; empty where none was scored."""
        return mean_metrics(self.frames) if self.frames else {}
