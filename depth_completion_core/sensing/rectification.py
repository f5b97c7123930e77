# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The two projections that a CameraInfo holds: P of rectified images, K and D of raw ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from depth_completion_core.geometry.calibration import CalibratedCamera, camera_from_info
from depth_completion_core.geometry.transforms import Float64Array, RigidTransform

_GRID = 12
_DISTANCE = 10.0  # metres, at which the two are compared
_ROUNDING_PX = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Projections:
    """Both projections, and how far apart they place a point 10 m away at most, in pixels."""

    raw: CalibratedCamera
    rectified: CalibratedCamera
    apart_px: float

    def of(self, *, rectified: bool) -> CalibratedCamera:
        """One of the two."""
        return self.rectified if rectified else self.raw

    @property
    def differ(self) -> bool:
        """Whether it matters which one is used, beyond rounding."""
        return self.apart_px > _ROUNDING_PX

    def other_from_one(self, *, rectified: bool) -> RigidTransform:
        """From the camera of ``of(rectified=rectified)`` to the other one's."""
        one, other = self.of(rectified=rectified), self.of(rectified=not rectified)
        return other.camera_from_frame @ one.camera_from_frame.inverse()


def projections_of(info: Any) -> Projections | None:  # noqa: ANN401 - a sensor_msgs/CameraInfo
    """Both projections of a calibration; None where it does not hold two of them."""
    try:
        raw = camera_from_info(info, rectified=False)
        rectified = camera_from_info(info, rectified=True)
    except ValueError:
        return None
    points = _points_in_view(rectified)
    pixels, in_view = raw.camera.project(raw.camera_from_frame.apply(points))
    expected, _ = rectified.camera.project(rectified.camera_from_frame.apply(points))
    apart = np.linalg.norm(pixels - expected, axis=1)[in_view]
    apart_px = float(apart.max()) if len(apart) else float(np.hypot(*rectified.camera.K[:2, 2]))
    return Projections(raw=raw, rectified=rectified, apart_px=apart_px)


def _points_in_view(calibrated: CalibratedCamera) -> Float64Array:
    """(N, 3) metres in the frame of the calibration, all over the image."""
    camera = calibrated.camera
    columns, rows = np.meshgrid(
        np.linspace(0, camera.width - 1, _GRID), np.linspace(0, camera.height - 1, _GRID)
    )
    rays = np.stack(
        [
            (columns.ravel() - camera.cx) / camera.fx,
            (rows.ravel() - camera.cy) / camera.fy,
            np.ones(columns.size),
        ],
        axis=1,
    )
    return calibrated.camera_from_frame.inverse().apply(_DISTANCE * rays)


def projection_in_words(*, rectified: bool, apart_px: float = 0.0, reason: str = "") -> str:
    """Which projection is used, why, and how much depends on it."""
    way = "P (rectified)" if rectified else "K and D (not rectified)"
    if apart_px <= _ROUNDING_PX:
        return way
    other = "K and D" if rectified else "P"
    return f"{way}{reason}; {other} would place points up to {apart_px:.0f} px elsewhere"
