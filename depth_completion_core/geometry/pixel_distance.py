# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far pixels are from marked ones."""

from __future__ import annotations

import numpy as np

from depth_completion_core.geometry.arrays import BoolArray, Float32Array


def distance_to_nearest_px(marked: BoolArray) -> Float32Array:
    """(H, W) float32 Euclidean distance to the nearest marked pixel; infinite without any."""
    if not marked.any():
        return np.full(marked.shape, np.inf, dtype=np.float32)
    import cv2  # noqa: PLC0415 - frames need it for this alone, and training does without

    unmarked = np.ascontiguousarray(~marked).view(np.uint8)
    distance: Float32Array = cv2.distanceTransform(
        unmarked, cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    ).astype(np.float32, copy=False)
    return distance
