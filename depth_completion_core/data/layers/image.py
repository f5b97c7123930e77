# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Colours: the one layer whose values are blended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.layers.camera_roll import CameraRoll
from depth_completion_core.data.layers.layer import Layer, Resampling, Window
from depth_completion_core.data.layers.pillow_resize import resize_bilinear
from depth_completion_core.geometry.arrays import UInt8Array


@dataclass(frozen=True, slots=True, eq=False)
class ImageLayer(Layer):
    """Colours.

    Attributes:
        value: (H, W, 3) uint8 RGB.
    """

    value: UInt8Array

    def mirrored(self) -> ImageLayer:
        """See the base class."""
        return ImageLayer(np.ascontiguousarray(self.value[:, ::-1]))

    def cropped(self, window: Window) -> ImageLayer:
        """See the base class."""
        return ImageLayer(np.ascontiguousarray(self.value[window.slices]))

    def resized(self, width: int, height: int) -> ImageLayer:
        """Area-averaged where smaller, else linear."""
        import cv2  # noqa: PLC0415 - batches are made without OpenCV, too

        method = cv2.INTER_AREA if width < self.value.shape[1] else cv2.INTER_LINEAR
        return ImageLayer(_uint8(cv2.resize(self.value, (width, height), interpolation=method)))

    def resampled(self, width: int, height: int, resampling: Resampling) -> ImageLayer:
        """By Pillow's filter where depth is blended so, too."""
        if resampling != "bilinear":
            return self.resized(width, height)
        return ImageLayer(resize_bilinear(self.value, height=height, width=width))

    def rolled(self, roll: CameraRoll) -> ImageLayer:
        """Linear; black where nothing was seen."""
        import cv2  # noqa: PLC0415 - as above

        x, y = roll.source.astype(np.float32).transpose(2, 0, 1)
        turned = cv2.remap(self.value, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return ImageLayer(_uint8(np.where(roll.seen[..., None], turned, 0)))

    def nearer(self, factor: float) -> ImageLayer:
        """See the base class."""
        del factor
        return self

    @property
    def array(self) -> UInt8Array:
        """(3, H, W) uint8 RGB."""
        planes: UInt8Array = self.value.transpose(2, 0, 1)
        return planes


def _uint8(array: npt.NDArray[np.generic]) -> UInt8Array:
    return array.astype(np.uint8, copy=False)
