# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Short ways to write rigid poses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.transforms import Float64Array, RigidTransform


def rotations_from_angles(
    roll: npt.ArrayLike, pitch: npt.ArrayLike, yaw: npt.ArrayLike
) -> Float64Array:
    """Rotations about the fixed axes x, then y, then z (the URDF's rpy).

    Args:
        roll: (...) radians.
        pitch: (...) radians.
        yaw: (...) radians. All three broadcast.

    Returns:
        (..., 3, 3) float64 rotations.
    """
    r, p, y = np.broadcast_arrays(*(np.asarray(angle, np.float64) for angle in (roll, pitch, yaw)))
    sr, cr, sp, cp, sy, cy = np.sin(r), np.cos(r), np.sin(p), np.cos(p), np.sin(y), np.cos(y)
    rows = (
        (cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr),
        (sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr),
        (-sp, cp * sr, cp * cr),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def pose(
    x: float = 0.0,
    y: float = 0.0,
    z: float = 0.0,
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
) -> RigidTransform:
    """``parent_from_child`` from metres and radians."""
    return RigidTransform(rotations_from_angles(roll, pitch, yaw), np.array([x, y, z], np.float64))


def looking_forward(x: float, y: float, z: float, *, pitch: float = 0.0) -> RigidTransform:
    """``base_from_camera`` of a camera that looks along x, tilted down by ``pitch`` radians."""
    optical = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    return pose(x, y, z, pitch=pitch) @ RigidTransform(optical, np.zeros(3))
