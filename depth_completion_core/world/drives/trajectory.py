# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A smooth path of the rig: a constant drift plus sine waves, known at every instant."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.transforms import Float64Array, RigidTransform
from depth_completion_core.world.drives.poses import rotations_from_angles


@dataclass(frozen=True, slots=True)
class Wave:
    """``amplitude * sin(2 pi t / period_s + phase)`` on one coordinate.

    Attributes:
        axis: x, y, z (metres), roll, pitch or yaw (radians).
        amplitude: in the unit of the axis.
        period_s: seconds.
        phase: radians.
    """

    axis: str
    amplitude: float
    period_s: float
    phase: float = 0.0


_AXES = ("x", "y", "z", "roll", "pitch", "yaw")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """The pose of base_link in the odometry frame.

    Attributes:
        start: x, y, z in metres at time 0, without the waves.
        heading: yaw in radians, without the waves.
        velocity: metres per second, without the waves.
        waves: what is added.
    """

    start: tuple[float, float, float]
    heading: float = 0.0
    velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)
    waves: tuple[Wave, ...] = ()

    def poses(self, stamps_ns: npt.ArrayLike) -> tuple[Float64Array, Float64Array]:
        """Many poses at once.

        Args:
            stamps_ns: (M,) int64 nanoseconds.

        Returns:
            ``odom_from_base`` as (M, 3, 3) rotations and (M, 3) translations in metres, float64.
        """
        seconds = np.atleast_1d(np.asarray(stamps_ns, dtype=np.int64)) * 1e-9
        values = np.zeros((len(seconds), 6))
        values[:, :3] = np.asarray(self.start) + seconds[:, None] * np.asarray(self.velocity)
        values[:, 5] = self.heading
        for wave in self.waves:
            angle = 2.0 * math.pi * seconds / wave.period_s + wave.phase
            values[:, _AXES.index(wave.axis)] += wave.amplitude * np.sin(angle)
        rotations = rotations_from_angles(values[:, 3], values[:, 4], values[:, 5])
        return rotations, values[:, :3]

    def pose(self, stamp_ns: int) -> RigidTransform:
        """``odom_from_base`` at one instant."""
        rotations, translations = self.poses([stamp_ns])
        return RigidTransform(rotations[0], translations[0])
