# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Undo the motion of the sensor during a sweep: every point from its own instant to the image's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.transforms import RigidTransform

_KNOT_SPACING_NS = 5_000_000


def deskew(
    points: Float32Array,
    time_offset_ns: npt.NDArray[np.int64],
    stamp_ns: int,
    camera_from_points_at: Callable[[int], RigidTransform],
) -> Float32Array:
    """Points in the optical frame at the instant of the image.

    The transform is looked up every 5 ms and blended in between: over so short a time the error of
    blending matrices is of second order in the rotation, under 0.1 mm at 30 m and 90 deg/s.

    Args:
        points: (N, 3) float32 metres, each in the frame of the sensor at its own instant.
        time_offset_ns: (N,) int64, instant of each point relative to ``stamp_ns``.
        stamp_ns: stamp of the cloud.
        camera_from_points_at: optical frame at the image's instant from the sensor at the given
            one; raises TransformError where it is not known.

    Returns:
        (N, 3) float32 metres.
    """
    if len(points) == 0:
        return points
    first_ns, last_ns = int(time_offset_ns.min()), int(time_offset_ns.max())
    segments = max(1, -(-(last_ns - first_ns) // _KNOT_SPACING_NS))
    knots_ns = np.linspace(first_ns, last_ns, segments + 1).round().astype(np.int64)
    matrices = np.stack(
        [camera_from_points_at(stamp_ns + int(knot)).matrix[:3] for knot in knots_ns]
    )
    position = (time_offset_ns - first_ns) * (segments / max(last_ns - first_ns, 1))
    before = np.minimum(position.astype(np.int64), segments - 1)
    fraction = (position - before).astype(np.float32)[:, None]
    if (np.diff(before) >= 0).all():
        return _moved(points, before, fraction, matrices)
    # Few numbers, so that sorting them takes less than looking for those of each segment.
    order = np.argsort(before, kind="stable")
    moved = np.empty_like(points)
    moved[order] = _moved(points[order], before[order], fraction[order], matrices)
    return moved


def _moved(
    points: Float32Array,
    segment: npt.NDArray[np.int64],
    fraction: Float32Array,
    matrices: npt.NDArray[np.float64],
) -> Float32Array:
    """Points in the order of their segments, each between the matrices at its segment's ends."""
    moved = np.empty_like(points)
    ends = np.searchsorted(segment, np.arange(len(matrices)))
    for number in range(len(matrices) - 1):
        part = slice(ends[number], ends[number + 1])
        start, end = (_applied(matrices[number + side], points[part]) for side in (0, 1))
        moved[part] = start + fraction[part] * (end - start)
    return moved


def _applied(matrix: npt.NDArray[np.float64], points: Float32Array) -> Float32Array:
    rotation, translation = matrix[:, :3].astype(np.float32), matrix[:, 3].astype(np.float32)
    moved: Float32Array = points @ rotation.T + translation
    return moved
