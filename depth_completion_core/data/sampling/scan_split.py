# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A lidar sweep parted in two: some scan lines are measured, what the others saw is the truth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from depth_completion_core.config import ProjectionConfig
from depth_completion_core.data.sampling.sweep_depth import sweep_depth
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.scan_rows import keep_every_nth_row, scan_rows
from depth_completion_core.geometry.transforms import RigidTransform

_FEWEST_LINES = 8  # fewer were not found by looking at a spinning lidar
_BANDS = 64


class SplitSweep(NamedTuple):
    """A sweep on the pixels of an image.

    Attributes:
        kept: the kept lines, projected as those of a lidar that has no others.
        withheld: what only the other lines saw, without points that the image does not show.
    """

    kept: SparseDepth
    withheld: SparseDepth


def split_sweep(
    points: Float32Array,
    camera: CameraModel,
    camera_from_lidar: RigidTransform,
    *,
    keep_rows: int,
    config: ProjectionConfig,
) -> SplitSweep:
    """Keep every n-th scan line.

    A withheld point is truth only where no kept one is on its pixel, it is the nearest there, and
    not hidden behind something nearer that any line has seen.

    Args:
        points: (N, 3) float32 metres, in the frame of the lidar.
        camera: the image to project into.
        camera_from_lidar: takes the points to the optical frame.
        keep_rows: every n-th line is kept; 1 for all.
        config: limits of depth, and the filter of hidden points.

    Raises:
        ValueError: ``keep_rows`` is less than 1.
    """
    chosen = keep_every_nth_row(lines_of(points, camera_from_lidar), keep_rows)

    everything, kept = (
        sweep_depth(part, camera, camera_from_lidar, config) for part in (points, points[chosen])
    )
    truth = everything.nearest.masked(everything.visible & ~kept.nearest.valid)
    return SplitSweep(kept=kept.seen, withheld=truth)


def lines_of(points: Float32Array, camera_from_lidar: RigidTransform) -> npt.NDArray[np.int64]:
    """(N,) int64 scan line of each point, the lowest first.

    Those of a spinning lidar are found again by their elevations. Where none are found (the lidar
    has a scan pattern of another kind, or the cloud is the union of several), points are put in
    order of their elevation as seen from the camera, and cut into 64 bands of equally many.

    Args:
        points: (N, 3) float32 metres, in the frame of the lidar.
        camera_from_lidar: takes the points to the optical frame.
    """
    rows = scan_rows(points)
    if len(points) == 0 or rows.max() + 1 >= _FEWEST_LINES:
        return rows
    x, y, z = camera_from_lidar.apply(points).T
    rank = np.argsort(np.argsort(np.arctan2(-y, np.hypot(x, z)), kind="stable"), kind="stable")
    bands: npt.NDArray[np.int64] = rank * _BANDS // len(points)
    return bands
