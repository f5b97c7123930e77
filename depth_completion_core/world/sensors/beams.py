# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the beams of lidars point. Frame: x forward, y left, z up; degrees above the horizon."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from depth_completion_core.world.casting.primitives import Float64Array


@dataclass(frozen=True, slots=True)
class Lidar:
    """A spinning lidar.

    Attributes:
        elevation_deg: of every line, degrees.
        step_deg: azimuth between two firings, degrees.
    """

    elevation_deg: tuple[float, ...]
    step_deg: float


def _even(low: float, high: float, lines: int) -> tuple[float, ...]:
    return tuple(np.linspace(low, high, lines).tolist())


LIDARS: dict[str, Lidar] = {
    # Quanergy M8: eight lines of about 3 degrees.
    "m8": Lidar(_even(-18.25, 3.2, 8), 0.132),
    # Velodyne VLP-16, also uniform_16: 2 degrees between lines.
    "uniform_16": Lidar(_even(-15.0, 15.0, 16), 0.2),
    # RoboSense Bpearl-like dome: looks far down.
    "dome_32": Lidar(_even(-50.0, 20.0, 32), 0.4),
    # Velodyne HDL-32E: 1.33 degrees between lines.
    "hdl_32e": Lidar(_even(-30.67, 10.67, 32), 0.1667),
    # Velodyne VLP-32C, user manual 63-9325: dense about the horizon.
    "vlp_32c": Lidar(
        (
            -25.0, -15.639, -11.31, -8.843, -7.254, -6.148, -5.333, -4.667, -4.0, -3.667, -3.333,
            -3.0, -2.667, -2.333, -2.0, -1.667, -1.333, -1.0, -0.667, -0.333, 0.0, 0.333, 0.667,
            1.0, 1.333, 1.667, 2.333, 3.333, 4.667, 7.0, 10.333, 15.0,
        ),
        0.2,
    ),
    # Ouster OS1-32: even over 45 degrees. Likewise OS0-64 over 90.
    "os1_32": Lidar(_even(-22.5, 22.5, 32), 0.3516),
    "os0_64": Lidar(_even(-45.0, 45.0, 64), 0.3516),
    # Velodyne HDL-64E S2: an upper block of 1/3 and a lower of 1/2 degree.
    "hdl_64e": Lidar((*_even(-24.33, -8.83, 32), *_even(-8.33, 2.0, 32)), 0.1728),
}  # fmt: skip
"""Patterns after the makers' data sheets, by name: 8 to 64 lines."""


def spinning(lidar: Lidar, half_angle: float, phase: float) -> Float64Array:
    """(A, L, 3) unit vectors of all firings within an azimuth.

    Args:
        lidar: the pattern.
        half_angle: of the azimuths that are fired, radians left and right of forward.
        phase: share of a step (0 to 1) by which the first firing is moved.
    """
    step = math.radians(lidar.step_deg)
    azimuth = np.arange(-half_angle + phase * step, half_angle, step)[:, None]
    elevation = np.radians(np.array(lidar.elevation_deg))[None]
    level = np.cos(elevation)
    return np.stack(
        [
            np.cos(azimuth) * level,
            np.sin(azimuth) * level,
            np.broadcast_to(np.sin(elevation), (len(azimuth), elevation.shape[1])),
        ],
        axis=-1,
    )


def rosette(count: int, half_angle: float, phase: float) -> Float64Array:
    """(N, 3) unit vectors of a pair of turning prisms, as in solid-state lidars of Livox.

    Two deflections of equal size turn at rates that share no period (-7294 and 4664 turns per
    minute in the Mid-40): the beam draws a rosette that fills with time.

    Args:
        count: number of points.
        half_angle: of the round field of view, radians.
        phase: where in the figure it starts, turns.
    """
    minutes = np.arange(count) / 100_000 / 60.0 + phase
    first, second = -7294.0 * 2 * np.pi * minutes, 4664.0 * 2 * np.pi * minutes
    size = 0.5 * math.tan(half_angle)
    y, z = size * (np.cos(first) + np.cos(second)), size * (np.sin(first) + np.sin(second))
    rays = np.stack([np.ones(count), y, z], axis=-1)
    unit: Float64Array = rays / np.linalg.norm(rays, axis=-1, keepdims=True)
    return unit
