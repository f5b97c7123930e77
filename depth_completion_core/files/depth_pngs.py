# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth PNGs of one scale, and how much of their depth was too far for 16 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from depth_completion_core.files.output_files import write_depth_png
from depth_completion_core.geometry.arrays import BoolArray, Float32Array


class DepthPngs:
    """Writes depth PNGs and counts the pixels that became 0 because they are too far.

    Args:
        depth_scale: numbers of a PNG per metre.
    """

    def __init__(self, depth_scale: float) -> None:
        self._depth_scale = depth_scale
        self._valid_pixels, self._lost_pixels = 0, 0

    def write(self, path: Path, depth: Float32Array, valid: BoolArray) -> None:
        """Write (H, W) metres; see :func:`write_depth_png`."""
        self._valid_pixels += int(np.count_nonzero(valid))
        self._lost_pixels += write_depth_png(path, depth, valid, depth_scale=self._depth_scale)

    def remark(self, remedy: str = "Use .npy, or a smaller --depth-scale") -> str:
        """A sentence on the depth that the PNGs lack, with what helps; "" where they have all."""
        if not self._lost_pixels:
            return ""
        farthest = np.iinfo(np.uint16).max / self._depth_scale
        share = 100 * self._lost_pixels / self._valid_pixels
        return (
            f"{self._lost_pixels} pixels ({share:.3g} % of those with a depth) are 0 in the depth "
            f"PNGs: they are more than {farthest:.5g} m away, the most that 16 bits hold at "
            f"{self._depth_scale:g} per metre. {remedy}"
        )
