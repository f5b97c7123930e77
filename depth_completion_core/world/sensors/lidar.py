# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lidars beside the camera: beams cast from where they are, then projected into the image."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from depth_completion_core.config import OcclusionConfig, ProjectionConfig
from depth_completion_core.data.sampling.sweep_depth import sweep_depth
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.world.casting.cast import Bundles, CastScenes
from depth_completion_core.world.casting.primitives import Float64Array
from depth_completion_core.world.objects.parts import turn
from depth_completion_core.world.render import RenderedFrames
from depth_completion_core.world.sensors.beams import LIDARS, rosette, spinning
from depth_completion_core.world.sensors.noise import with_losses, with_noise
from depth_completion_core.world.sensors.sensor_setup import SensorSetup

_BUNDLE = 64
_MARGIN_RAD = 0.12
_ROSETTE_RAD = math.radians(19.2)
_MIXED_RATIO = 1.05
# The optical frame (x right, y down, z forward) from the lidar's (x forward, y left, z up).
_OPTICAL_FROM_LIDAR = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])


def camera_from_lidar(setup: SensorSetup) -> RigidTransform:
    """Where the lidar truly is."""
    pitch, yaw, roll = (math.radians(angle) for angle in setup.tilt_deg)
    rotation = _OPTICAL_FROM_LIDAR @ turn(yaw, pitch, roll)
    return RigidTransform(rotation, np.array(setup.mount))


def lidar_points(
    frames: RenderedFrames, number: int, setup: SensorSetup, random: np.random.Generator
) -> npt.NDArray[np.float32]:
    """What the lidar of a frame measures: (N, 3) float32 metres in its own frame.

    Args:
        frames: with the primitives of the scenes.
        number: which of the frames.
        setup: kind lidar or rosette.
        random: of the pattern's phase and the flaws.
    """
    scene = frames.scenes[number]
    half_angle = math.atan(scene.camera.width / 2 / scene.camera.fx) + _MARGIN_RAD
    if setup.kind == "rosette":
        pattern = rosette(setup.amount, _ROSETTE_RAD, random.random())[:, None]
    else:
        pattern = spinning(LIDARS[setup.lidar], half_angle, random.random())
    world_from_lidar = scene.world_from_camera @ camera_from_lidar(setup)
    directions = pattern.reshape(-1, 3)
    ranges = cast_rays(
        frames.cast, number, world_from_lidar.translation, directions @ world_from_lidar.rotation.T
    )
    measured = _mixed(ranges.reshape(pattern.shape[:2]), setup, random).ravel()
    met = np.isfinite(measured)
    noisy = with_noise(measured[met], setup, random)
    noisy, kept = with_losses(noisy, setup, random)
    kept &= (noisy >= setup.range_m[0]) & (noisy <= setup.range_m[1])
    points = directions[met][kept] * noisy[kept, None]
    return points.astype(np.float32)


def lidar_depth(
    frames: RenderedFrames, number: int, setup: SensorSetup, random: np.random.Generator
) -> SparseDepth:
    """The points of :func:`lidar_points` on the image, through a calibration with its errors."""
    points = lidar_points(frames, number, setup, random)
    scene = frames.scenes[number]
    roll, pitch, yaw = np.radians(random.normal(0.0, 1.0, 3) * setup.extrinsic_deg).tolist()
    error = RigidTransform(turn(yaw, pitch, roll), random.normal(0.0, 1.0, 3) * setup.extrinsic_m)
    known = error @ camera_from_lidar(setup)
    config = ProjectionConfig(
        min_depth=1e-3,
        max_depth=setup.range_m[1],
        occlusion=OcclusionConfig(enabled=not setup.hidden_kept),
    )
    return sweep_depth(points, scene.camera, known, config).seen


def cast_rays(
    cast: CastScenes, number: int, origin: Float64Array, directions: Float64Array
) -> npt.NDArray[np.float32]:
    """(N,) lengths of rays from one place until something is met; infinite where nothing is.

    Args:
        cast: scenes.
        number: which of them.
        origin: (3,) metres, world.
        directions: (N, 3) unit vectors, world.
    """
    count = len(directions)
    order = _neighbours_together(directions)
    padded = np.concatenate([order, np.repeat(order[-1:], -count % _BUNDLE)])
    device = cast.kind.device
    rays = torch.as_tensor(directions[padded], dtype=torch.float32).to(device)
    rays = rays.reshape(-1, _BUNDLE, 3)
    start: Tensor = torch.as_tensor(origin, dtype=torch.float32).to(device)
    scenes = len(cast.ranges) - 1
    ranges = [0] * (number + 1) + [len(rays)] * (scenes - number)
    hit = cast.cast(Bundles(start.expand(len(rays), 3), rays, ranges))
    result = np.empty(count, np.float32)
    result[padded] = hit.t.reshape(-1).cpu().numpy()
    return result


def _neighbours_together(directions: Float64Array) -> npt.NDArray[np.int64]:
    """An order in which bundles of rays go nearly the same way."""
    azimuth = np.arctan2(directions[:, 1], directions[:, 0])
    elevation = np.arcsin(directions[:, 2].clip(-1, 1))
    cells = (np.floor(azimuth / 0.06).astype(np.int64), np.floor(elevation / 0.06).astype(np.int64))
    return np.lexsort((azimuth, cells[1], cells[0])).astype(np.int64)


def _mixed(
    ranges: npt.NDArray[np.float32], setup: SensorSetup, random: np.random.Generator
) -> npt.NDArray[np.float32]:
    """(A, L) ranges with some that lie between two firings: the beam met both sides of an edge."""
    following = np.roll(ranges, -1, axis=0)
    share = random.random(ranges.shape)
    both = np.isfinite(ranges) & np.isfinite(following)
    with np.errstate(invalid="ignore"):
        ratio = np.maximum(ranges, following) / np.minimum(ranges, following)
        between = ranges + share * (following - ranges)
    chosen = both & (ratio > _MIXED_RATIO) & (random.random(ranges.shape) < setup.mixed)
    return np.where(chosen, between, ranges).astype(np.float32)
