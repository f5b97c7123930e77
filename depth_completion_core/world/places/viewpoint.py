# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the camera stands, how it looks, and its lens."""

from __future__ import annotations

import math

import numpy as np

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.world.casting.primitives import Float64Array
from depth_completion_core.world.objects.parts import turn

_OPTICAL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


def draw_camera(
    random: np.random.Generator, height: int, width: int, field_deg: tuple[float, float]
) -> CameraModel:
    """A pinhole camera whose vertical field of view lies uniformly in a range of degrees.

    The principal point is off the middle by about a percent, as in calibrated cameras.
    """
    angle = math.radians(random.uniform(*field_deg))
    focal = height / 2 / math.tan(angle / 2)
    off = random.normal(0.0, 0.01, 2)
    return CameraModel(
        fx=focal * (1.0 + random.normal(0.0, 0.003)),
        fy=focal,
        cx=(width - 1) / 2 + float(off[0]) * width,
        cy=(height - 1) / 2 + float(off[1]) * height,
        width=width,
        height=height,
    )


def looking(
    position: Float64Array, yaw: float, pitch_deg: float, roll_deg: float
) -> RigidTransform:
    """world_from_camera of a camera at a place (3,), looking along yaw (radians).

    Pitch is positive upwards and roll clockwise as seen by the camera, both in degrees.
    """
    rotation = turn(yaw, -math.radians(pitch_deg), math.radians(roll_deg))
    return RigidTransform(rotation @ _OPTICAL, position)


def field_half_angle(camera: CameraModel) -> float:
    """Half the horizontal field of view, radians."""
    return math.atan(camera.width / 2 / camera.fx)
