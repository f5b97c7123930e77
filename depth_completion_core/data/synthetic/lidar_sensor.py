# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A spinning lidar in a scene; each column leaves from where the lidar is at that moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from depth_completion_core.data.synthetic.scene import Hit, Scene
from depth_completion_core.transforms import Float64Array

Poses = Callable[[npt.NDArray[np.int64]], tuple[Float64Array, Float64Array]]
"""(M,) stamps in ns to ``world_from_lidar``: (M, 3, 3) rotations, (M, 3) translations."""

_LUMINANCE = (0.2126, 0.7152, 0.0722)


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
    scene: Scene,
    preset: LidarPreset,
    poses: Poses,
    stamp_ns: int,
    *,
    random: np.random.Generator,
    freeze: bool = False,
) -> LidarSweep:
    """Fire one turn.

    Args:
        scene: what is measured.
        preset: the lidar.
        poses: where it is at each instant.
        stamp_ns: start of the turn, nanoseconds.
        random: noise and dropouts.
        freeze: hold the lidar still where the turn starts; the time offsets stay.
    """
    offsets, azimuths = preset.fired_columns()
    directions = preset.directions(azimuths)
    rotations, translations = poses(stamp_ns + offsets * (not freeze))
    hit, cosines = _cast(scene, rotations, translations, directions)
    measured = hit.distance.cpu().numpy().astype(np.float64)
    measured = measured + random.normal(0.0, preset.noise_m, measured.shape)
    kept = (measured >= preset.range_m[0]) & (measured <= preset.range_m[1])
    kept &= random.random(measured.shape) >= preset.dropout
    brightness = _brightness(scene, hit) * (0.35 + 0.65 * cosines)
    ring = np.tile(np.arange(preset.rings, dtype=np.uint16), len(offsets))
    xyz = directions.reshape(-1, 3)[kept] * measured[kept, None]
    return LidarSweep(
        stamp_ns=stamp_ns,
        xyz=xyz.astype(np.float32),
        time_offset_ns=np.repeat(offsets, preset.rings)[kept],
        ring=ring[kept],
        intensity=brightness[kept],
    )


def _cast(
    scene: Scene, rotations: Float64Array, translations: Float64Array, directions: Float64Array
) -> tuple[Hit, npt.NDArray[np.float32]]:
    """The hits of (C, R, 3) directions column by column, and the cosines of incidence (C * R,)."""
    rings = directions.shape[1]
    world = np.einsum("cij,crj->cri", rotations, directions).reshape(-1, 3)
    rays = torch.as_tensor(world, dtype=scene.dtype, device=scene.device)
    origins = torch.as_tensor(translations, dtype=scene.dtype, device=scene.device)
    hit = scene.cast(origins.repeat_interleave(rings, dim=0), rays)
    cosines = -(rays * hit.normal).sum(1)
    return hit, cosines.cpu().numpy().astype(np.float32)


def _brightness(scene: Scene, hit: Hit) -> npt.NDArray[np.float32]:
    rows = hit.valid.nonzero()[:, 0]
    albedo = scene.materials.albedo(hit.shape_index[rows], hit.surface[rows])
    weights = torch.tensor(_LUMINANCE, dtype=albedo.dtype, device=albedo.device)
    brightness = torch.zeros_like(hit.distance)
    brightness[rows] = 255.0 * (albedo @ weights)
    return brightness.cpu().numpy().astype(np.float32)
