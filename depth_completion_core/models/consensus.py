# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The median of three interpolations that err in different places."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.models.classical import Filled
from depth_completion_core.models.geodesic import Geodesic
from depth_completion_core.models.image_guided import GuidedFrame, GuidedModel
from depth_completion_core.models.plane_preserving import PlanePreserving


class Consensus(GuidedModel):
    """Pixel by pixel the middle one of ``linear``, ``geodesic`` and ``plane_preserving``.

    The confidence is that of ``linear``: 1 between measurements, 0 beyond the outermost ones.
    """

    gives_confidence = True

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """The settings of two of the three; ``linear`` has none."""

        geodesic: Geodesic.Config = field(default_factory=Geodesic.Config)
        """Of ``geodesic``."""
        plane_preserving: PlanePreserving.Config = field(default_factory=PlanePreserving.Config)
        """Of ``plane_preserving``."""

    config: Config

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config)
        self._geodesic = Geodesic(self.config.geodesic)
        self._plane_preserving = PlanePreserving(self.config.plane_preserving)

    def fill_guided(self, frame: GuidedFrame) -> Filled:
        """Fill the whole image, two of the three at a time."""
        with ThreadPoolExecutor(max_workers=1) as beside:
            bent = beside.submit(self._plane_preserving.fill_guided, frame)
            straight = self._linear.fill(frame.depth, frame.valid)
            near = self._geodesic.fill_guided(frame)
        return straight._replace(depth=_middle(straight.depth, near.depth, bent.result().depth))


def _middle(one: Float32Array, two: Float32Array, three: Float32Array) -> Float32Array:
    """The median of three, four times as fast as numpy's."""
    low, high = np.minimum(one, two), np.maximum(one, two)
    middle: Float32Array = np.maximum(low, np.minimum(high, three))
    return middle
