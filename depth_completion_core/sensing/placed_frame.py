# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A frame, and how it came about."""

from __future__ import annotations

from dataclasses import dataclass

from depth_completion_core.frame import Frame
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.transforms import RigidTransform


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PlacedFrame:
    """A frame with what the values of core do not need to know.

    Attributes:
        frame: what the completer gets.
        camera_from_frame: the camera in the optical frame of TF; the identity but for stereo.
        sensor_points: (N, 3) float32 metres, the points of ``frame`` as the sensors sent them.
        gap_ns: time between image and cloud.
        fixed_frame: through which the motion of the points was undone; empty where it was not.
        points_without_measurement: how many more points the sensors sent: NaN, infinite or all 0.
    """

    frame: Frame
    camera_from_frame: RigidTransform
    sensor_points: Float32Array
    gap_ns: int
    fixed_frame: str = ""
    points_without_measurement: int = 0
