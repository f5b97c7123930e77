# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every pixel takes the depth of the nearest measured pixel."""

from __future__ import annotations

import cv2
import numpy as np

from depth_completion_core.geometry.arrays import BoolArray, Float32Array
from depth_completion_core.models.classical import ClassicalModel, Filled


def nearest_depth(depth: Float32Array, valid: BoolArray) -> Float32Array:
    """(H, W) float32: depth of the nearest valid pixel.

    Distances are those of Borgefors' 5x5 chamfer mask, within 3 % of Euclidean ones.
    """
    empty = np.ascontiguousarray(~valid).view(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(
        empty, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    depth_of_label = np.zeros(int(labels.max()) + 1, dtype=np.float32)
    depth_of_label[labels[valid]] = depth[valid]
    filled: Float32Array = depth_of_label[labels]
    return filled


class Nearest(ClassicalModel):
    """The fastest completion: piecewise constant, sharp at arbitrary places."""

    def fill(self, depth: Float32Array, valid: BoolArray) -> Filled:
        """Fill the whole image."""
        return Filled(nearest_depth(depth, valid), np.ones_like(valid))
