# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Dense truth from a lidar: sweeps before and after an image, seen through its camera.

What stands still is measured again and again from other places. What moves is not where it was: it
is found by the rays of other sweeps that went through it, and left out. What the camera cannot see,
because something nearer hides it, goes too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, Float32Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.occlusion import filter_occluded
from depth_completion_core.geometry.projection import project_points
from depth_completion_core.geometry.seen_space import SeenSpace
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.accumulation_config import AccumulationConfig


@dataclass(frozen=True, eq=False)
class PlacedSweep:
    """A sweep without its own motion, and where it was taken.

    Attributes:
        stamp_ns: the instant, nanoseconds.
        points: (N, 3) float32 metres in the frame of the lidar at that instant.
        fixed_from_lidar: that frame in one that stands still.
    """

    stamp_ns: int
    points: Float32Array
    fixed_from_lidar: RigidTransform

    @cached_property
    def seen_space(self) -> SeenSpace:
        """What its rays have passed."""
        return SeenSpace(self.points)


def accumulated_depth(
    sweeps: Sequence[PlacedSweep],
    stamp_ns: int,
    camera: CameraModel,
    fixed_from_camera: RigidTransform,
    config: AccumulationConfig,
) -> SparseDepth:
    """The depth of an image by several sweeps.

    Args:
        sweeps: those before, at and after the image.
        stamp_ns: time of the image, nanoseconds; the sweep nearest to it says what is hidden.
        camera: of the image.
        fixed_from_camera: its optical frame, in the frame that the sweeps are placed in.
        config: what is left out.
    """
    camera_from_fixed = fixed_from_camera.inverse()
    nearest = min(sweeps, key=lambda sweep: abs(sweep.stamp_ns - stamp_ns), default=None)
    parts = []
    for sweep in sweeps:
        standing = standing_points(sweep, sweeps, camera, camera_from_fixed, config)
        if config.occlusion.enabled and nearest is not None and sweep is not nearest:
            standing = standing[~_hidden_from(nearest, standing, sweep.fixed_from_lidar, config)]
        moved = (camera_from_fixed @ sweep.fixed_from_lidar).apply(standing)
        parts.append(moved.astype(np.float32))
    points = np.concatenate(parts) if parts else np.empty((0, 3), np.float32)
    depth, valid = project_points(
        torch.from_numpy(points),
        camera,
        RigidTransform.identity(),
        min_depth=config.min_depth,
        max_depth=config.max_depth,
    )
    visible = filter_occluded(depth, valid, config.occlusion).numpy()
    return SparseDepth(np.where(visible, depth.numpy(), np.float32(0)), visible)


def standing_points(
    sweep: PlacedSweep,
    sweeps: Sequence[PlacedSweep],
    camera: CameraModel,
    camera_from_fixed: RigidTransform,
    config: AccumulationConfig,
) -> Float32Array:
    """The points of a sweep that the camera may see and that have not moved.

    Args:
        sweep: one of ``sweeps``.
        sweeps: all that are accumulated.
        camera: of the image.
        camera_from_fixed: takes points to its optical frame from that in which sweeps are placed.
        config: what is left out.

    Returns:
        (M, 3) float32 metres, in the frame of the sweep.
    """
    camera_from_lidar = camera_from_fixed @ sweep.fixed_from_lidar
    _, in_view = camera.project(camera_from_lidar.apply(sweep.points))
    points = sweep.points[in_view]
    if not config.reject_moving:
        return points
    for other in sweeps:
        if other is not sweep and len(points):
            points = points[~_passed_by(other, points, sweep.fixed_from_lidar, config)]
    return points


def _hidden_from(
    nearest: PlacedSweep,
    points: Float32Array,
    fixed_from_points: RigidTransform,
    config: AccumulationConfig,
) -> BoolArray:
    return nearest.seen_space.hides(
        _as_seen_by(nearest, points, fixed_from_points),
        margin=config.margin,
        margin_ratio=config.margin_ratio,
    )


def _passed_by(
    other: PlacedSweep,
    points: Float32Array,
    fixed_from_points: RigidTransform,
    config: AccumulationConfig,
) -> BoolArray:
    return other.seen_space.passes(
        _as_seen_by(other, points, fixed_from_points),
        margin=config.margin,
        margin_ratio=config.margin_ratio,
    )


def _as_seen_by(
    sweep: PlacedSweep, points: Float32Array, fixed_from_points: RigidTransform
) -> Float32Array:
    sweep_from_points = sweep.fixed_from_lidar.inverse() @ fixed_from_points
    return sweep_from_points.apply(points).astype(np.float32)
