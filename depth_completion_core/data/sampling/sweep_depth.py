# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the points of a lidar are on the pixels of an image, and which of them it shows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from depth_completion_core.config import ProjectionConfig
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, Float32Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.occlusion import filter_occluded
from depth_completion_core.geometry.projection import project_points
from depth_completion_core.geometry.transforms import RigidTransform


class SweepDepth(NamedTuple):
    """Points on pixels.

    Attributes:
        nearest: the nearest point of each pixel.
        visible: (H, W) bool, which of those are not hidden behind something nearer.
    """

    nearest: SparseDepth
    visible: BoolArray

    @property
    def seen(self) -> SparseDepth:
        """The points that are not hidden."""
        return self.nearest.masked(self.visible)


def sweep_depth(
    points: Float32Array,
    camera: CameraModel,
    camera_from_points: RigidTransform,
    config: ProjectionConfig,
) -> SweepDepth:
    """Project a sweep as a completer does.

    Args:
        points: (N, 3) float32 metres.
        camera: the image.
        camera_from_points: takes the points to the optical frame.
        config: limits of depth, and the filter of hidden points.
    """
    depth, valid = project_points(
        torch.from_numpy(np.ascontiguousarray(points)),
        camera,
        camera_from_points,
        min_depth=config.min_depth,
        max_depth=config.max_depth,
    )
    visible = filter_occluded(depth, valid, config.occlusion)
    return SweepDepth(SparseDepth(depth.numpy(), valid.numpy()), visible.numpy())
