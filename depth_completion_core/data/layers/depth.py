# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth that is known of nearly every pixel, as true depth is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from depth_completion_core.data.layers.layer import PixelLayer, Resampling
from depth_completion_core.data.layers.pillow_resize import resize_bilinear
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class DepthLayer(PixelLayer):
    """Dense depth.

    Attributes:
        value: metres, and where they are known.
    """

    value: SparseDepth

    @property
    def size(self) -> tuple[int, int]:
        """See the base class."""
        height, width = self.value.depth.shape
        return height, width

    def taken(self, rows: Any, columns: Any) -> DepthLayer:  # noqa: ANN401 - NumPy's indices
        """See the base class."""
        depth, valid = self.value.depth[rows, columns], self.value.valid[rows, columns]
        return DepthLayer(SparseDepth(np.ascontiguousarray(depth), np.ascontiguousarray(valid)))

    def resampled(self, width: int, height: int, resampling: Resampling) -> DepthLayer:
        """Blended by Pillow's filter, holes as 0 metres, or at the nearest pixel."""
        if resampling != "bilinear":
            return self.resized(width, height)
        blended = resize_bilinear(self.value.depth, height=height, width=width)
        return DepthLayer(SparseDepth.from_depth(blended))

    def where(self, mask: BoolArray) -> DepthLayer:
        """See the base class."""
        return DepthLayer(self.value.masked(mask))

    def nearer(self, factor: float) -> DepthLayer:
        """Depth over the factor."""
        return DepthLayer(divided(self.value, factor))

    @property
    def array(self) -> Float32Array:
        """(1, H, W) float32 metres; 0 where not known."""
        return self.value.depth[None]


def divided(depth: SparseDepth, factor: float) -> SparseDepth:
    """Depth over a factor."""
    return SparseDepth((depth.depth / np.float32(factor)).astype(np.float32), depth.valid)
