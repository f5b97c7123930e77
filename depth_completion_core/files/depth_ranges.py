# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far away the depth of some files is, by which a wrong unit shows."""

from __future__ import annotations

import math

import numpy as np

from depth_completion_core.frame import SparseDepth

_LARGEST_FACTOR = 2.0
_FEWEST_PIXELS = 20
_IMPLAUSIBLE_MEDIAN = 80.0  # metres; half of what a lidar sees is nearer


class DepthRange:
    """Takes depth file by file.

    Attributes:
        nearest: metres; infinite before anything was measured.
        farthest: metres; 0 before anything was measured.
        far_median: the median of the first file with depth, where that is implausible; else 0.
    """

    def __init__(self) -> None:
        self.nearest, self.farthest, self.far_median = math.inf, 0.0, 0.0

    def add(self, depth: SparseDepth) -> None:
        """Look at the depth of a file."""
        measured = depth.depth[depth.valid]
        if not measured.size:
            return
        if not self.is_known:
            median = float(np.median(measured))
            self.far_median = median if median > _IMPLAUSIBLE_MEDIAN else 0.0
        self.nearest = min(self.nearest, float(measured.min()))
        self.farthest = max(self.farthest, float(measured.max()))

    @property
    def is_known(self) -> bool:
        """Whether anything was measured."""
        return self.farthest > 0

    def __str__(self) -> str:
        """As "0.5 to 12 m away"."""
        return f"{self.nearest:.4g} to {self.farthest:.4g} m away"

    def doubt(self, depth_scale: str) -> str:
        """A question where half of the depth is implausibly far; "" where it is not.

        Args:
            depth_scale: where the scale of PNGs is set, and to what, in words.
        """
        if not self.far_median:
            return ""
        return (
            f"half of it is more than {_IMPLAUSIBLE_MEDIAN:g} m away, which is implausible. "
            f"{unit_question(depth_scale)}"
        )


def scale_doubt(depth: SparseDepth, truth: SparseDepth, what: str = "measurements") -> str:
    """A question where some depth and the truth of one frame differ by a factor; "" elsewhere.

    At the same pixels they are the same distance, however noisy: half of them are within a factor
    of :data:`_LARGEST_FACTOR`. Millimetres read as 256 to a metre are 3.9 times as far.

    Args:
        depth: measured, or predicted.
        truth: of the same image.
        what: it is, in the plural.
    """
    both = depth.valid & truth.valid
    if np.count_nonzero(both) < _FEWEST_PIXELS:
        return ""
    factor = float(np.median(depth.depth[both] / truth.depth[both]))
    if 1 / _LARGEST_FACTOR < factor < _LARGEST_FACTOR:
        return ""
    return (
        f"the {what} are {factor:.4g} times as far as the true depth of the same pixels. Do "
        "both have one unit?"
    )


def unit_question(depth_scale: str) -> str:
    """What to check of the unit of depth in files."""
    return f"Is the unit right? .npy files hold metres, and PNGs metres times {depth_scale}"
