# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A spinning lidar in a scene; each column leaves from where the lidar is at that moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from depth_completion_core.geometry.transforms import Float64Array
from depth_completion_core.world.casting.cast import Bundles, CastScenes
from depth_completion_core.world.drives.turn_cast import cast_turn
from depth_completion_core.world.looks.shading import SurfaceRays, reflectance
from depth_completion_core.world.scene import WorldScene

Poses = Callable[[npt.NDArray[np.int64]], tuple[Float64Array, Float64Array]]
"""(M,) stamps in ns to ``world_from_lidar``: (M, 3, 3) rotations, (M, 3) translations."""

_SPOT_RAD = 3e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class LidarPreset:
    """One model of lidar.

    Attributes:
        rings: number of beams; ring 0 is the lowest.
        elevation_deg: lowest and highest beam, degrees above the horizon.
        columns: firings per turn.
        period_ns: time of one turn, nanoseconds.
        range_m: nearest and farthest range that it reports, metres.
        noise_m: standard deviation of the range, metres.
        dropout: share of returns that are lost.
        azimuth_range_deg: the columns that are fired, degrees left of forward; all by default.
    """

    rings: int
    elevation_deg: tuple[float, float]
    columns: int
    period_ns: int = 100_000_000
    range_m: tuple[float, float]
    noise_m: float
    dropout: float = 0.01
    azimuth_range_deg: tuple[float, float] = (-180.0, 180.0)

    def fired_columns(self) -> tuple[npt.NDArray[np.int64], Float64Array]:
        """Time offsets (C,) in ns and azimuths (C,) in radians of the columns that are fired.

        A turn starts at the back and goes clockwise, so that it passes the front halfway.
        """
        columns = np.arange(self.columns)
        azimuths = 180.0 - 360.0 * (columns + 0.5) / self.columns
        low, high = self.azimuth_range_deg
        fired = (azimuths >= low) & (azimuths <= high)
        offsets = columns[fired] * self.period_ns // self.columns
        return offsets.astype(np.int64), np.radians(azimuths[fired])

    def directions(self, azimuths: Float64Array) -> Float64Array:
        """(C, R, 3) float64 unit vectors in the lidar frame of columns at (C,) radians."""
        elevations = np.radians(np.linspace(*self.elevation_deg, self.rings))
        level = np.cos(elevations)
        x = np.cos(azimuths)[:, None] * level
        y = np.sin(azimuths)[:, None] * level
        z = np.broadcast_to(np.sin(elevations), x.shape)
        return np.stack([x, y, z], axis=-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LidarSweep:
    """One turn, in order of firing.

    Attributes:
        stamp_ns: start of the turn, nanoseconds.
        xyz: (N, 3) float32 metres, each point in the lidar frame at its own time of firing.
        time_offset_ns: (N,) int64 from the start of the turn.
        ring: (N,) uint16, 0 the lowest.
        intensity: (N,) float32, 0 to 255.
    """

    stamp_ns: int
    xyz: npt.NDArray[np.float32]
    time_offset_ns: npt.NDArray[np.int64]
    ring: npt.NDArray[np.uint16]
    intensity: npt.NDArray[np.float32]


def sweep(
    cast: CastScenes,
    scene: WorldScene,
    preset: LidarPreset,
    poses: Poses,
    stamp_ns: int,
    *,
    random: np.random.Generator,
    freeze: bool = False,
) -> LidarSweep:
    """Fire one turn.

    Args:
        cast: the scene's primitives.
        scene: what is measured.
        preset: the lidar.
        poses: where it is at each instant.
        stamp_ns: start of the turn, nanoseconds.
        random: noise and dropouts.
        freeze: hold the lidar still where the turn starts; the time offsets stay.
    """
    offsets, azimuths = preset.fired_columns()
    directions = preset.directions(azimuths)
    bundles = _columns(poses(stamp_ns + offsets * (not freeze)), directions, cast.kind.device)
    hit = cast_turn(cast, bundles)
    rays = SurfaceRays(bundles, hit.t, hit.primitive, hit.t.new_tensor([_SPOT_RAD]))
    brightness = (255.0 * reflectance(cast, [scene], rays)).cpu().numpy().ravel()
    measured = hit.t.cpu().numpy().astype(np.float64).ravel()
    measured = measured + random.normal(0.0, preset.noise_m, measured.shape)
    kept = (measured >= preset.range_m[0]) & (measured <= preset.range_m[1])
    kept &= random.random(measured.shape) >= preset.dropout
    ring = np.tile(np.arange(preset.rings, dtype=np.uint16), len(offsets))
    xyz = directions.reshape(-1, 3)[kept] * measured[kept, None]
    return LidarSweep(
        stamp_ns=stamp_ns,
        xyz=xyz.astype(np.float32),
        time_offset_ns=np.repeat(offsets, preset.rings)[kept],
        ring=ring[kept],
        intensity=brightness[kept],
    )


def _columns(
    poses: tuple[Float64Array, Float64Array], directions: Float64Array, device: torch.device
) -> Bundles:
    """Each column of (C, R, 3) directions as a bundle: it leaves from where the lidar is then."""
    rotations, translations = poses
    world = np.einsum("cij,crj->cri", rotations, directions)
    return Bundles(
        torch.as_tensor(translations, dtype=torch.float32, device=device),
        torch.as_tensor(world, dtype=torch.float32, device=device),
        [0, len(world)],
    )
