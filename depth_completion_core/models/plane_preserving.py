# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth that bends only where the image has an edge; planes stay planes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from depth_completion_core.models.classical import Filled
from depth_completion_core.models.guided.second_differences import Bending, least_bent
from depth_completion_core.models.guided.working_frame import scaled_size, working_frame
from depth_completion_core.models.image_guided import GuidedFrame, GuidedModel, raised
from depth_completion_core.settings.fields import setting


class PlanePreserving(GuidedModel):
    """Second-order smoothness of inverse depth, weighted by the edges of the image."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Where it is solved, and what bending costs."""

        short_side_px: int = setting(90, low=8, high=480)
        """Shorter side at which a 4:3 image is solved; other forms take as much work."""
        colour_spread: float = setting(0.05, low=1e-3)
        """Difference of colour (of 1) over which depth may bend."""
        floor: float = setting(1e-3, low=1e-6)
        """What bending costs even across an edge, of what it costs elsewhere."""
        slope: float = setting(0.3, low=1e-4)
        """What slopes cost, over one mean spacing of the measurements."""

    config: Config

    def fill_guided(self, frame: GuidedFrame) -> Filled:
        """Fill the whole image."""
        small = working_frame(frame.image, frame.depth, frame.valid, self._size(frame.size))
        config = self.config
        inverse = least_bent(small, Bending(config.colour_spread, config.floor, config.slope))
        middle = np.median(small.depth)
        lowest, highest = middle / small.depth.max(), middle / small.depth.min()
        depth = (middle / np.clip(inverse, lowest, highest)).astype(np.float32)
        depth = raised(depth, small.image, frame.image)
        return Filled(depth, np.ones_like(frame.valid))

    def _size(self, size: tuple[int, int]) -> tuple[int, int]:
        """The size at which other forms than 4:3 take about as much work."""
        short, long = min(size), max(size)
        work = self.config.short_side_px**4 * 4 / 3
        return scaled_size(size, (work / (short**3 * long)) ** 0.25)
