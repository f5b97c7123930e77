# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The lens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from depth_completion_core.data.layers.layer import FixedLayer, Window
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.camera import CameraModel


@dataclass(frozen=True, slots=True, eq=False)
class IntrinsicsLayer(FixedLayer):
    """Intrinsics, which follow the pixels.

    Attributes:
        value: the camera.
    """

    value: CameraModel

    def mirrored(self) -> IntrinsicsLayer:
        """See the base class."""
        return IntrinsicsLayer(self.value.mirrored())

    def cropped(self, window: Window) -> IntrinsicsLayer:
        """See the base class."""
        return IntrinsicsLayer(self.value.cropped(*window))

    def resized(self, width: int, height: int) -> IntrinsicsLayer:
        """See the base class."""
        return IntrinsicsLayer(self.value.scaled(width, height))

    @property
    def array(self) -> Float32Array:
        """(3, 3) float32, pixels; lenses with distortion as if they had none."""
        return self.value.K.astype(np.float32)
