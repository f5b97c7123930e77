# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drives through the synthetic scenes as a data set: made as it is read, exact in every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from depth_completion_core.config import ProjectionConfig
from depth_completion_core.data.readers.views import views_of
from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.data.sampling.sparsify import Sparsifier, sparsified
from depth_completion_core.data.sampling.sweep_depth import sweep_depth
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.deskew import deskew
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.settings.fields import setting
from depth_completion_core.world.drives import SyntheticDrive, build_drive

_LIDAR = "lidar"


class SyntheticDrives(DepthDataset):
    """Frames of drives, named ``SCENE/SEED/NUMBER`` after the number of the camera's image.

    Truth is what the camera sees; sparse depth is the lidar turn nearest in time, every point
    moved to the image's instant and hidden ones removed, or sampled from the truth.
    """

    needs_root: ClassVar[bool] = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Which drives, and what is measured on them."""

        scene: Literal["room", "street"] = "room"
        """Which kind of scene."""
        seeds: tuple[int, ...] = (0,)
        """One drive per seed, which determines scene, path and noise."""
        frames: int = setting(20, low=1)
        """Frames per drive, spread evenly over it."""
        points: str = _LIDAR
        """lidar: the simulated lidar. Otherwise how to sample the truth, such as uniform:500."""
        draw_seed: int = setting(0, low=0)
        """Seed of that sampling."""
        width_px: int = setting(0, low=0)
        """Width of the images; 0 for the scene's own."""
        height_px: int = setting(0, low=0)
        """Height of the images; 0 for the scene's own."""
        triplet_offset: int = setting(0, low=0)
        """Add the images this many frames (20 per second) before and after as views; 0 for none."""

    config: Config

    def __init__(self, root: Path, config: Config | None = None) -> None:
        super().__init__(root, config)
        if not self.config.seeds or min(self.config.seeds) < 0:
            raise DataError(f"seeds are one or more from 0, got {list(self.config.seeds)}")
        self._sparsifier = (
            None if self.config.points == _LIDAR else Sparsifier.from_text(self.config.points)
        )
        self._moments = [
            _Moment(seed, number)
            for seed in self.config.seeds
            for number in self._numbers(self._drive(seed))
        ]

    @property
    def names(self) -> list[str]:
        """SCENE/SEED/NUMBER."""
        return [self._name(moment) for moment in self._moments]

    def __getitem__(self, index: int) -> Sample:
        moment = self._moments[index]
        drive, offset = self._drive(moment.seed), self.config.triplet_offset
        stamp_ns = drive.camera_stamps_ns[moment.number]
        around = (moment.number - offset, moment.number + offset) if offset else ()
        stamps_around = [drive.camera_stamps_ns[number] for number in around]
        shot = drive.render(stamp_ns)
        sample = Sample(
            name=self._name(moment),
            image=shot.image,
            camera=drive.camera,
            truth=SparseDepth(shot.depth, shot.valid),
            views=views_of(
                [drive.render(stamp).image for stamp in stamps_around],
                camera=drive.camera,
                stamps_ns=stamps_around,
                world_from_camera=[
                    _odom_from_camera(drive, stamp) for stamp in (stamp_ns, *stamps_around)
                ],
            ),
            stamp_ns=stamp_ns,
        )
        if self._sparsifier is None:
            return replace(sample, sparse=lidar_depth(drive, stamp_ns))
        return sparsified(sample, self._sparsifier, seed=self.config.draw_seed)

    def _drive(self, seed: int) -> SyntheticDrive:
        return _built(self.config.scene, seed, self.config.width_px, self.config.height_px)

    def _name(self, moment: _Moment) -> str:
        return f"{self.config.scene}/{moment.seed}/{moment.number:04d}"

    def _numbers(self, drive: SyntheticDrive) -> Sequence[int]:
        first = self.config.triplet_offset
        last = len(drive.camera_stamps_ns) - 1 - first
        if last - first + 1 < self.config.frames:
            raise DataError(
                f"{self.config.frames} frames were asked for, but a drive of {drive.name} has "
                f"{max(last - first + 1, 0)} with neighbours {first} images away"
            )
        return [int(number) for number in np.linspace(first, last, self.config.frames).round()]


class _Moment(NamedTuple):
    seed: int
    number: int


def lidar_depth(drive: SyntheticDrive, stamp_ns: int) -> SparseDepth:
    """What the turn of the lidar nearest to an instant measured, on the camera's pixels then.

    A turn passes the front halfway, so the nearest is the one whose middle is.
    """
    period_ns = drive.lidar.period_ns
    nearest = round((stamp_ns - period_ns / 2) / period_ns)
    start_ns = drive.sweep_stamps_ns[min(max(nearest, 0), len(drive.sweep_stamps_ns) - 1)]
    sweep = drive.scan(start_ns)
    camera_from_odom = _odom_from_camera(drive, stamp_ns).inverse()

    def camera_from_lidar_at(moment_ns: int) -> RigidTransform:
        return camera_from_odom @ drive.odom_from_base(moment_ns) @ drive.base_from_lidar

    points = deskew(sweep.xyz, sweep.time_offset_ns, start_ns, camera_from_lidar_at)
    everything = sweep_depth(points, drive.camera, RigidTransform.identity(), ProjectionConfig())
    return everything.seen


def _odom_from_camera(drive: SyntheticDrive, stamp_ns: int) -> RigidTransform:
    return drive.odom_from_base(stamp_ns) @ drive.base_from_camera


@lru_cache(maxsize=4)
def _built(scene: str, seed: int, width_px: int, height_px: int) -> SyntheticDrive:
    return build_drive(scene, seed=seed, width=width_px or None, height=height_px or None)
