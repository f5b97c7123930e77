# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a lidar sees the outline of something: jumps of the range between neighbouring points.

After Levinson and Thrun, "Automatic Online Calibration of Cameras and Lasers", RSS 2013: points on
the near side of a jump along a scan line should fall on edges of the image. Two things differ. The
edge is put half way to the neighbour on the far side, because the near point lies inside of the
outline by up to a whole step of the scan. And jumps between lines count too: without them hardly
anything would hold the pitch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import BoolArray, Float32Array
from depth_completion_core.geometry.scan_rows import scan_rows
from depth_completion_core.geometry.transforms import Float64Array

IntArray = npt.NDArray[np.int64]

_SMALLEST_JUMP = 0.15  # metres
_SMALLEST_RELATIVE_JUMP = 0.06
_STANDS_OUT = 3.0  # times the change on either side of the jump
_WIDEST_GAP = 2.5  # times the usual step of the scan: over a wider one nothing was measured
_FEWEST_LINES = 4
_TURN = 2 * np.pi


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DepthEdges:
    """Points on outlines.

    Attributes:
        points: (E, 3) float32 metres in the frame of the sensor, at the range of the near side.
        beyond: (E, 3) float32 metres, a little farther in the direction of the far side; what
            crosses the outline at a right angle, roughly.
        source: (E,) int64 index of the near point in the cloud.
        line_step: usual angle between neighbouring lines, radians; 0 where there are no lines.
    """

    points: Float32Array
    beyond: Float32Array
    source: IntArray
    line_step: float


def depth_edges(points: Float32Array, forward: Float64Array) -> DepthEdges:
    """The outlines in one cloud.

    Args:
        points: (N, 3) float32 metres, finite, as seen from the origin of their frame; in any order.
        forward: (3,) direction of view of the camera in the same frame.
    """
    distance = np.linalg.norm(points, axis=1)
    kept = np.flatnonzero(distance > 1e-3)
    if len(kept) < 2:
        return _edges(points, kept[:0], kept[:0], 0.0)
    scan = _Scan(points[kept], distance[kept], forward)
    along, across = scan.jumps_along(), scan.jumps_across()
    near, far = np.concatenate([along, across], axis=1)
    return _edges(points, kept[near], kept[far], scan.line_step())


def _edges(points: Float32Array, near: IntArray, far: IntArray, line_step: float) -> DepthEdges:
    near_points = points[near].astype(np.float64)
    scale = np.linalg.norm(near_points, axis=1) / np.linalg.norm(points[far], axis=1)
    far_direction = points[far] * scale[:, None]
    return DepthEdges(
        points=((near_points + far_direction) / 2).astype(np.float32),
        beyond=far_direction.astype(np.float32),
        source=near,
        line_step=line_step,
    )


class _Scan:
    """A cloud as lines of points, sorted along each line."""

    def __init__(self, points: Float32Array, distance: Float32Array, forward: Float64Array) -> None:
        axis = _axis_across(forward)
        self._azimuth = _azimuth(points, axis, forward)
        self._elevation = np.arcsin(np.clip(points[:, axis] / distance, -1.0, 1.0))
        self._row = _lines(points, self._elevation, self._azimuth, axis)
        self._inverse = 1.0 / distance.astype(np.float64)
        self._order = np.lexsort((self._azimuth, self._row))
        self._key = (self._row * (4 * np.pi) + self._azimuth)[self._order]
        gaps = np.diff(self._azimuth[self._order])[np.diff(self._row[self._order]) == 0]
        self._step = float(np.median(gaps)) if len(gaps) else 0.0

    def jumps_along(self) -> tuple[IntArray, IntArray]:
        """(near, far) indices of neighbours on a line with a jump between them."""
        before, first, second, after = (self._order[i : len(self._order) - 3 + i] for i in range(4))
        is_together = self._row[before] == self._row[after]
        gap = self._azimuth[second] - self._azimuth[first]
        is_together &= gap < _WIDEST_GAP * self._step
        return self._jumps(before, first, second, after, is_together)

    def jumps_across(self) -> tuple[IntArray, IntArray]:
        """(near, far) indices of points of neighbouring lines with a jump between them."""
        first = np.arange(len(self._row))
        around = [self._beside(offset) for offset in (-1, 1, 2)]
        is_together = np.logical_and.reduce([index >= 0 for index in around])
        before, second, after = around
        return self._jumps(before, first, second, after, is_together)

    def line_step(self) -> float:
        """Usual angle between neighbouring lines, radians."""
        other = self._beside(1)
        steps = np.abs(self._elevation[other] - self._elevation)[other >= 0]
        return float(np.median(steps)) if len(steps) else 0.0

    def _beside(self, offset: int) -> IntArray:
        """(N,) index of the point at the same azimuth, so many lines further; -1 for none."""
        wanted = (self._row + offset) * (4 * np.pi) + self._azimuth
        right = np.clip(np.searchsorted(self._key, wanted), 1, len(self._key) - 1)
        is_left = np.abs(self._key[right - 1] - wanted) < np.abs(self._key[right] - wanted)
        nearest = right - is_left
        is_near = np.abs(self._key[nearest] - wanted) < self._step
        return np.where(is_near, self._order[nearest], -1)

    def _jumps(
        self,
        before: IntArray,
        first: IntArray,
        second: IntArray,
        after: IntArray,
        is_together: BoolArray,
    ) -> tuple[IntArray, IntArray]:
        """On a plane the inverse range changes evenly, however flat one looks at it."""
        inverse = self._inverse
        change = np.abs(inverse[second] - inverse[first])
        usual = np.maximum(
            np.abs(inverse[first] - inverse[before]), np.abs(inverse[after] - inverse[second])
        )
        larger = np.maximum(inverse[first], inverse[second])
        smaller = np.minimum(inverse[first], inverse[second])
        is_jump = is_together & (change > _STANDS_OUT * usual)
        is_jump &= (change > _SMALLEST_RELATIVE_JUMP * larger) & (
            change > _SMALLEST_JUMP * larger * smaller
        )
        is_first_near = inverse[first] > inverse[second]
        near = np.where(is_first_near, first, second)[is_jump]
        far = np.where(is_first_near, second, first)[is_jump]
        return near, far


def _axis_across(forward: Float64Array) -> int:
    """The sensor's axis most nearly upright in the image: z of a lidar, y of an optical frame."""
    return 2 if abs(forward[2]) < 0.7 * np.linalg.norm(forward) else 1


def _azimuth(points: Float32Array, axis: int, forward: Float64Array) -> Float64Array:
    """(N,) radians around the axis, 0 forward, so that the view is not cut in two."""
    one, other = (axis + 1) % 3, (axis + 2) % 3
    angle = np.arctan2(points[:, other], points[:, one]).astype(np.float64)
    turned = angle - np.arctan2(forward[other], forward[one]) + np.pi
    wrapped: Float64Array = np.mod(turned, _TURN) - np.pi
    return wrapped


def _lines(
    points: Float32Array, elevation: Float64Array, azimuth: Float64Array, axis: int
) -> IntArray:
    """(N,) line of each point: of a spinning lidar, else bands as high as points are apart."""
    if axis == 2:
        rows = scan_rows(points)
        if rows.max() >= _FEWEST_LINES:
            return rows
    area = np.ptp(elevation) * np.ptp(azimuth)
    spacing = max(float(np.sqrt(area / len(points))), 1e-6)
    bands: IntArray = np.floor((elevation - elevation.min()) / spacing).astype(np.int64)
    return bands
