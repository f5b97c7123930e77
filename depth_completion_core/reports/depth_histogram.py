# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How much of the depth lies how far away."""

from __future__ import annotations

import numpy as np

from depth_completion_core.geometry.arrays import BoolArray, Float32Array

_DECADES = (-1, 3)
_BINS_PER_DECADE = 24
EDGES_M = tuple(
    float(f"{edge:.6g}")
    for edge in np.logspace(*_DECADES, 1 + (_DECADES[1] - _DECADES[0]) * _BINS_PER_DECADE)
)
"""Edges of the bins from 0.1 to 1000 m, their ratios all the same."""


class DepthHistogram:
    """Counts pixels by their depth, in bins of equal ratio.

    Attributes:
        counts: (N,) int64 pixels of each bin; depths beyond the edges count in the outermost bins.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(len(EDGES_M) - 1, dtype=np.int64)

    def add(self, depth: Float32Array, valid: BoolArray) -> None:
        """Count the valid pixels of a map, (H, W) float32 metres."""
        place = (np.log10(depth[valid]) - _DECADES[0]) * _BINS_PER_DECADE
        bins = np.clip(place, 0, len(self.counts) - 1).astype(np.int64)
        self.counts += np.bincount(bins, minlength=len(self.counts))
