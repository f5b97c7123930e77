# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth that is too far for depth images of millimetres, counted frame by frame, and told."""

from __future__ import annotations

from depth_completion_core.codecs.depth import share_beyond_16uc1
from depth_completion_core.config import DepthEncoding
from depth_completion_core.frame import DepthPrediction


def far_depth_note(share: float) -> str:
    """A sentence on the mean share of the image that 16UC1 lost; "" where it lost nothing."""
    if not share:
        return ""
    return (
        f"{100 * share:.3g} % of the image is 0 in the depth images, as it is more than the "
        "65.535 m away that 16UC1 holds: use 32FC1 (bags: --encoding; live: depth_encoding)"
    )


class FarDepth:
    """Counts the pixels of frames that the depth image has no number for."""

    def __init__(self) -> None:
        self._frames, self._shares = 0, 0.0

    def add(self, prediction: DepthPrediction, encoding: DepthEncoding) -> None:
        """Look at a frame that was written as a depth image; 32FC1 holds all."""
        if encoding == "16UC1":
            written = prediction.along_z
            self._frames += 1
            self._shares += share_beyond_16uc1(written.depth, written.valid)

    @property
    def note(self) -> str:
        """What is known now; "" where nothing was lost."""
        return far_depth_note(self._shares / max(self._frames, 1))
