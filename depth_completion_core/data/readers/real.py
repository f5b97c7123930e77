# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of real sensors in three simple layouts, one folder per set.

======== ===========================================================================================
rgbd     ``image/`` (or ``rgb/``) and ``depth/NAME.png`` in millimetres; points are sampled from it.
rgbd_raw ``rgb/``, ``depth_raw/`` as the sensor gave it, ``depth_gt/`` what it should have given.
lidar    ``image/``, ``points/NAME.bin`` (float32 x y z intensity), ``calib/NAME.json`` with K, D,
         T_cam_lidar, width and height; ``points_file`` names another .bin. KITTI's ``image_02/``,
         ``velodyne_fov/`` and one ``calib.json`` are the same.
======== ===========================================================================================

Intrinsics of the first two: ``K.txt``, or ``K/NAME.txt``, or ``K/SEQUENCE.txt`` where the image is
``SEQUENCE_NUMBER``; none where there is no such file. ``poses.txt``, where there is one, has a 4x4
camera-to-world matrix per line, one line per image in the order of their names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from depth_completion_core.config import ProjectionConfig
from depth_completion_core.data.readers.reading import (
    blamed_on,
    camera_of,
    depth_of,
    points_of,
    rgb_of,
)
from depth_completion_core.data.readers.real_layout import (
    KINDS,
    RealFiles,
    RealSet,
    files_of_set,
    kind_of,
    real_sets,
    sweep_file,
)
from depth_completion_core.data.readers.real_sequence import Neighbours, neighbours_of
from depth_completion_core.data.readers.views import read_views
from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.data.sampling.scan_split import split_sweep
from depth_completion_core.data.sampling.sparsify import Sparsifier, sparsified
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.settings.fields import setting

__all__ = ["KINDS", "Real", "RealSet", "real_sets"]

_MILLIMETRES = 1000.0


class Real(DepthDataset):
    """One set of real recordings; its kind is seen from its folders.

    Attributes:
        kind: a name of :data:`KINDS`.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """What becomes sparse depth."""

        points: str = "uniform:500"
        """RGB-D: how sparse depth is sampled from the depth image; empty for no sparse depth."""
        seed: int = setting(0, low=0)
        """RGB-D: seed of that choice; the same seed and sample give the same points."""
        keep_rows: int = setting(2, low=1)
        """Lidar: every n-th scan line becomes sparse depth and the others truth; 1 for no truth."""
        max_depth: float = setting(10.0, low=0.0)
        """RGB-D: depth beyond this is an outlier and invalid, metres."""
        lidar_max_depth: float = setting(250.0, low=0.0)
        """Lidar: points beyond this are dropped, metres."""
        triplet_offset: int = setting(0, low=0)
        """Single drives: add the images this many frames before and after as views; 0 for none.
        Frames without both are left out."""

    config: Config

    def __init__(self, root: Path, config: Config | None = None) -> None:
        super().__init__(root, config)
        kind = kind_of(root)
        if kind is None:
            layouts = "; ".join(KINDS.values())
            raise DataError(f"{root} is not a set of real recordings. Expected {layouts}")
        self.kind = kind
        self._files = files_of_set(root, kind)
        self._sparsifier = Sparsifier.from_text(self.config.points) if self.config.points else None
        self._truth_pixels = self._far_pixels = 0
        self._neighbours: dict[str, Neighbours] = {}
        if self.config.triplet_offset:
            self._neighbours = neighbours_of(root, self._files, self.config.triplet_offset)
            self._files = [files for files in self._files if files.name in self._neighbours]

    @property
    def names(self) -> list[str]:
        """The stems of the images."""
        return [files.name for files in self._files]

    @property
    def remarks(self) -> list[str]:
        """How much of the true depth is not used because it is far."""
        if not self._far_pixels:
            return []
        share = 100 * self._far_pixels / self._truth_pixels
        limit = f"max_depth ({self.config.max_depth:g} m)"
        name = self.root.name
        return [f"{name}: {share:.3g} % of the true depth lies beyond {limit} and is not scored."]

    def __getitem__(self, index: int) -> Sample:
        files = self._files[index]
        sample = self._lidar(files) if self.kind == "lidar" else self._rgbd(files)
        if files.name not in self._neighbours:
            return sample
        around = self._neighbours[files.name]
        views = read_views(
            around.images,
            size=sample.image.shape[:2],
            camera=sample.camera,
            cameras=[self._camera_of(each, sample.image.shape[:2]) for each in around.files],
            world_from_camera=around.world_from_camera,
        )
        return replace(sample, views=views)

    def _rgbd(self, files: RealFiles) -> Sample:
        image = rgb_of(files.image)
        size = image.shape[:2]
        measured, truth = (
            depth_of(path, depth_scale=_MILLIMETRES, size=size, image=files.image) if path else None
            for path in (files.measured, files.truth)
        )
        if truth is not None:
            self._truth_pixels += truth.count
            self._far_pixels += int(np.count_nonzero(truth.depth > self.config.max_depth))
            truth = self._near(truth)
        if measured is not None:
            measured = self._near(measured)
        camera = self._camera_of(files, size)
        sample = Sample(name=files.name, image=image, camera=camera, sparse=measured, truth=truth)
        if measured is not None or self._sparsifier is None:
            return sample
        return sparsified(sample, self._sparsifier, seed=self.config.seed)

    def _camera_of(self, files: RealFiles, size: tuple[int, int]) -> CameraModel | None:
        """Of the image of these files, of a size; None without a calibration."""
        if files.calibration is None:
            return None
        if self.kind == "lidar":
            return _read_rig(files.calibration, sweep_name=files.name).camera
        return camera_of(files.calibration, size=size, image=files.image)

    def _near(self, depth: SparseDepth) -> SparseDepth:
        return depth.masked(depth.depth <= self.config.max_depth)

    def _lidar(self, files: RealFiles) -> Sample:
        assert files.calibration is not None  # noqa: S101 - every lidar set has one
        rig = _read_rig(files.calibration, sweep_name=f"{files.name}.bin")
        image = rgb_of(files.image, size=(rig.camera.height, rig.camera.width))
        kept, withheld = split_sweep(
            points_of(sweep_file(self.root, rig.sweep_name)),
            rig.camera,
            rig.camera_from_lidar,
            keep_rows=self.config.keep_rows,
            config=replace(ProjectionConfig(), max_depth=self.config.lidar_max_depth),
        )
        truth = withheld if self.config.keep_rows > 1 else None
        return Sample(name=files.name, image=image, camera=rig.camera, sparse=kept, truth=truth)


class _Rig(NamedTuple):
    camera: CameraModel
    camera_from_lidar: RigidTransform
    sweep_name: str


def _read_rig(path: Path, *, sweep_name: str) -> _Rig:
    with blamed_on(path):
        values = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(values, dict):
            raise ValueError(f"expected an object with K, D, T_cam_lidar, got {type(values)}")
        missing = [key for key in ("width", "height", "K", "T_cam_lidar") if key not in values]
        if missing:
            raise ValueError(f"lacks {', '.join(missing)}; it has {', '.join(values)}")
        return _Rig(
            camera=_camera(values),
            camera_from_lidar=RigidTransform.from_matrix(values["T_cam_lidar"]),
            sweep_name=str(values.get("points_file", sweep_name)),
        )


def _camera(values: dict[str, Any]) -> CameraModel:
    """Lenses are plumb-bob; one of zeros only is none."""
    return CameraModel.from_matrix(
        values["K"],
        width=int(values["width"]),
        height=int(values["height"]),
        distortion_model="plumb_bob",
        distortion=tuple(values.get("D", ())),
    )
