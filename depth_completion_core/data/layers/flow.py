# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Optical flow: where each pixel of the image is seen in another view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from depth_completion_core.data.layers.camera_roll import CameraRoll
from depth_completion_core.data.layers.layer import PixelLayer
from depth_completion_core.geometry.arrays import BoolArray, Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class FlowLayer(PixelLayer):
    """Flow to a view that is changed in the same way as the image.

    Attributes:
        value: (H, W, 2) float32, pixels to the right and down.
        valid: (H, W) bool, where it is known.
    """

    value: Float32Array
    valid: BoolArray

    @property
    def size(self) -> tuple[int, int]:
        """See the base class."""
        height, width = self.valid.shape
        return height, width

    def taken(self, rows: Any, columns: Any) -> FlowLayer:  # noqa: ANN401 - NumPy's indices
        """See the base class."""
        value, valid = self.value[rows, columns], self.valid[rows, columns]
        return FlowLayer(np.ascontiguousarray(value), np.ascontiguousarray(valid))

    def where(self, mask: BoolArray) -> FlowLayer:
        """See the base class."""
        valid = self.valid & mask
        return FlowLayer(np.where(valid[..., None], self.value, np.float32(0)), valid)

    def mirrored(self) -> FlowLayer:
        """What moved to the right moves to the left."""
        return self.taken(slice(None), slice(None, None, -1))._scaled(-1.0, 1.0)

    def resized(self, width: int, height: int) -> FlowLayer:
        """Ways grow with the image."""
        full_height, full_width = self.size
        # Not super(): dataclasses with slots are other classes than those they were written as.
        there = PixelLayer.resized(self, width, height)
        return there._scaled(width / full_width, height / full_height)

    def rolled(self, roll: CameraRoll) -> FlowLayer:
        """From where a pixel is now to where its end is now; not known where that is not seen."""
        there = PixelLayer.rolled(self, roll)
        end, lands = roll.moved(roll.source + there.value)
        height, width = self.size
        row, column = np.mgrid[:height, :width]
        way = (end - np.stack([column, row], axis=-1)).astype(np.float32)
        return FlowLayer(way, there.valid).where(lands)

    @property
    def array(self) -> Float32Array:
        """(3, H, W) float32: right and down, pixels, and 1 where they are known."""
        known = self.valid[None].astype(np.float32)
        return np.concatenate([self.value.transpose(2, 0, 1), known])

    def _scaled(self, right: float, down: float) -> FlowLayer:
        return FlowLayer(self.value * np.array([right, down], dtype=np.float32), self.valid)
