# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth that was measured at a few pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from depth_completion_core.data.layers.camera_roll import CameraRoll
from depth_completion_core.data.layers.depth import DepthLayer, divided
from depth_completion_core.data.layers.layer import Layer, Resampling, Window
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class SparseDepthLayer(Layer):
    """Measurements, moved point by point to the pixel that they fall into.

    So resampling loses no point and doubles none; where two meet, the nearest wins.

    Attributes:
        value: metres, and where they were measured.
    """

    value: SparseDepth

    def mirrored(self) -> SparseDepthLayer:
        """See the base class."""
        return SparseDepthLayer(DepthLayer(self.value).mirrored().value)

    def cropped(self, window: Window) -> SparseDepthLayer:
        """See the base class."""
        return SparseDepthLayer(DepthLayer(self.value).cropped(window).value)

    def resized(self, width: int, height: int) -> SparseDepthLayer:
        """See the base class."""
        points = self.value
        full_height, full_width = points.depth.shape
        row, column = np.nonzero(points.valid)
        return SparseDepthLayer(
            SparseDepth.nearest_at(
                points.depth[row, column],
                ((row + 0.5) * (height / full_height)).astype(np.int64),
                ((column + 0.5) * (width / full_width)).astype(np.int64),
                (height, width),
            )
        )

    def resampled(self, width: int, height: int, resampling: Resampling) -> SparseDepthLayer:
        """Looked up at the nearest pixel, or moved point by point."""
        if resampling != "nearest":
            return self.resized(width, height)
        return SparseDepthLayer(DepthLayer(self.value).resized(width, height).value)

    def rolled(self, roll: CameraRoll) -> SparseDepthLayer:
        """See the base class."""
        row, column = np.nonzero(self.value.valid)
        target, lands = roll.moved(np.stack([column, row], axis=-1).astype(np.float64))
        new_column, new_row = np.rint(target[lands]).astype(np.int64).T
        depth = self.value.depth[row, column][lands]
        size = self.value.depth.shape
        return SparseDepthLayer(SparseDepth.nearest_at(depth, new_row, new_column, size))

    def nearer(self, factor: float) -> SparseDepthLayer:
        """Depth over the factor."""
        return SparseDepthLayer(divided(self.value, factor))

    @property
    def array(self) -> Float32Array:
        """(1, H, W) float32 metres; 0 where nothing was measured."""
        return self.value.depth[None]
