# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the image-guided models have in common: sizes, and when the image is not asked."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np
import torch

from depth_completion_core.geometry.arrays import BoolArray, Float32Array
from depth_completion_core.models.classical import CpuModel, Filled
from depth_completion_core.models.layers.edge_aware_upsampling import raised_along_edges
from depth_completion_core.models.linear import Linear

DENSE = 0.3
"""Share of the pixels beyond which measurements fill their own gaps, and the image adds nothing."""
_FEWEST = 3  # measurements; fewer span no plane, and cells of them are guesses


class GuidedFrame(NamedTuple):
    """A frame as the image-guided models take it.

    Attributes:
        image: (3, H, W) float32 RGB in 0..1.
        depth: (H, W) sparse depth, metres.
        valid: (H, W) where it was measured.
    """

    image: Float32Array
    depth: Float32Array
    valid: BoolArray

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.valid.shape
        return height, width


class GuidedModel(CpuModel):
    """A model that works on a smaller image and brings its answer up along the image's edges.

    With fewer than three measurements, and where more than 30 % of the pixels are measured, it
    answers as the model ``linear`` does. The answer lies between the least and the greatest
    measurement.

    Attributes:
        gives_confidence: whether it says where it can be trusted, as ``linear`` does.
    """

    gives_confidence: ClassVar[bool] = False

    def __init__(self, config: object = None) -> None:
        super().__init__(config)
        self._linear = Linear()

    def fill_frame(self, image: Float32Array, depth: Float32Array, valid: BoolArray) -> Filled:
        """Fill the whole image."""
        count = int(np.count_nonzero(valid))
        if count < _FEWEST or count > DENSE * valid.size:
            straight = self._linear.fill(depth, valid)
            return straight if self.gives_confidence else straight._replace(confidence=None)
        filled = self.fill_guided(GuidedFrame(image, depth, valid))
        nearest, farthest = depth[valid].min(), depth[valid].max()
        return filled._replace(depth=np.clip(filled.depth, nearest, farthest))

    @abstractmethod
    def fill_guided(self, frame: GuidedFrame) -> Filled:
        """Fill a frame that has enough measurements and not too many."""
        raise NotImplementedError


def raised(maps: Float32Array, small: Float32Array, image: Float32Array) -> Float32Array:
    """(h, w) or (C, h, w) maps at the size of an image; images are (3, rows, columns) RGB."""
    if small.shape == image.shape:
        return maps
    tensors = (torch.from_numpy(np.ascontiguousarray(each)) for each in (maps, small, image))
    answer: Float32Array = raised_along_edges(*tensors).numpy()
    return answer
