# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""KITTI depth completion: Uhrig et al., "Sparsity Invariant CNNs", 3DV 2017.

The folders: :mod:`depth_completion_core.data.readers.kitti_depth_layout`. Depth is 16-bit PNG of
metres times 256, 0 where there is none; true depth is eleven accumulated sweeps, wrong on what
moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from depth_completion_core.data.readers.kitti_depth_layout import (
    KittiDepthFiles,
    frames_of_drives,
    frames_of_selection,
)
from depth_completion_core.data.readers.kitti_depth_lists import frames_of_list
from depth_completion_core.data.readers.kitti_drive import (
    COLOUR_CAMERAS,
    rectified_camera,
    stamps_ns,
)
from depth_completion_core.data.readers.kitti_oxts import camera_poses
from depth_completion_core.data.readers.reading import camera_of, depth_of, rgb_of
from depth_completion_core.data.readers.views import read_views
from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.data.sampling.augment_geometry import cropped
from depth_completion_core.frame import SparseDepth, View
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.metrics import PROTOCOLS
from depth_completion_core.settings.fields import setting

_DEPTH_SCALE = 256.0
_CROP = PROTOCOLS["kitti"].crop


class KittiDepth(DepthDataset):
    """Frames named ``DRIVE/image_02/NNNNNNNNNN``, or as the image where the set has selected it."""

    protocol = "kitti"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Which frames, and what is read with each."""

        split: Literal["selection", "val", "train", "test"] = "selection"
        """selection: the 1000 crops of val used for published results. test: has no truth."""
        camera: Literal["both", "left", "right"] = "both"
        """Which colour camera; images of the test split do not say theirs."""
        raw_folder: str = "kitti_raw"
        """Folder with DATE/DRIVE of the raw data, relative to the data set's."""
        triplet_offset: int = setting(0, low=0)
        """train and val: add the images this many frames before and after as views; 0 for none."""
        crop: Literal["auto", "bottom", "none"] = "auto"
        """bottom: crop to 352x1216 at the bottom centre. auto: only for the split val."""
        cut_top_px: int = setting(0, low=0)
        """Leave out this many rows at the top, which the lidar does not reach; NLSPN: 100."""
        split_file: str = ""
        """A .json list as NLSPN's, relative to the folder; empty for all that the folders hold."""

    config: Config

    def __init__(self, root: Path, config: Config | None = None) -> None:
        super().__init__(root, config)
        self._frames = list(self._found())
        if not self._frames:
            raise DataError(f"{root}: no frame of {self.config.split} has neighbours on both sides")

    @property
    def names(self) -> list[str]:
        """By camera, drive and number; those of the selection by file name; or as listed."""
        return [frame.name for frame in self._frames]

    def __getitem__(self, index: int) -> Sample:
        files = self._frames[index]
        image = rgb_of(files.image)
        size = image.shape[0], image.shape[1]
        camera = _camera(files, size)
        sample = Sample(
            name=files.name,
            image=image,
            camera=camera,
            sparse=_depth(files.sparse, size, files.image),
            truth=_depth(files.truth, size, files.image) if files.truth else None,
            views=_views(files, camera, size),
            stamp_ns=stamps_ns([files.image])[0] if files.drive else 0,
        )
        is_cut = self.config.crop == "bottom" or (
            self.config.crop == "auto" and self.config.split == "val"
        )
        if is_cut:
            sample = _bottom_crop(sample, files.image)
        return _without_top(sample, self.config.cut_top_px, files.image)

    def world_from_camera(self, index: int) -> RigidTransform | None:
        """By the drive's navigation (oxts), where the raw data are there."""
        files = self._frames[index]
        if not files.drive:
            return None
        size = rgb_of(files.image).shape[:2]
        poses = camera_poses(files.drive, files.camera_index, [files.image], size=size)
        return poses[0] if poses else None

    def _found(self) -> Iterator[KittiDepthFiles]:
        cameras = COLOUR_CAMERAS[self.config.camera]
        if self.config.split_file:
            yield from self._listed(cameras)
            return
        if self.config.split in ("train", "val"):
            for camera_index in cameras:
                yield from frames_of_drives(
                    self.root,
                    self.config.split,
                    self.root / self.config.raw_folder,
                    camera_index,
                    self.config.triplet_offset,
                )
            return
        if self.config.triplet_offset:
            raise DataError(
                f"the split {self.config.split} is of single images; take train or val, or set "
                "triplet_offset to 0"
            )
        for files in frames_of_selection(self.root, has_truth=self.config.split == "selection"):
            if files.camera_index in (0, *cameras):
                yield files

    def _listed(self, cameras: tuple[int, ...]) -> Iterator[KittiDepthFiles]:
        listing = self.root / self.config.split_file
        if self.config.triplet_offset:
            raise DataError(f"{listing} is of single images; set triplet_offset to 0")
        for files in frames_of_list(self.root, listing, self.config.split):
            if files.camera_index in (0, *cameras):
                yield files


def _depth(path: Path, size: tuple[int, int], image: Path) -> SparseDepth:
    depth = depth_of(path, depth_scale=_DEPTH_SCALE, size=size, image=image)
    largest = float(depth.depth.max()) * _DEPTH_SCALE
    if 0 < largest <= 255:
        raise DataError(
            f"{path} holds no number above {largest:g}, expected metres times 256; it seems to "
            "have been through an 8-bit image: unpack the original"
        )
    return depth


def _camera(files: KittiDepthFiles, size: tuple[int, int]) -> CameraModel | None:
    if files.drive:
        return rectified_camera(files.drive, files.camera_index, size=size).camera
    if files.intrinsics is None:
        return None
    return camera_of(files.intrinsics, size=size, image=files.image)


def _views(
    files: KittiDepthFiles, camera: CameraModel | None, size: tuple[int, int]
) -> tuple[View, ...]:
    if not files.drive or not files.neighbours:
        return ()
    paths = [files.image, *files.neighbours]
    return read_views(
        files.neighbours,
        size=size,
        camera=camera,
        stamps_ns=stamps_ns(files.neighbours),
        world_from_camera=camera_poses(files.drive, files.camera_index, paths, size=size),
    )


def _bottom_crop(sample: Sample, path: Path) -> Sample:
    """The sample cut to 352x1216; raises DataError where it is smaller."""
    height, width = sample.image.shape[:2]
    crop_height, crop_width = _CROP
    if height < crop_height or width < crop_width:
        raise DataError(
            f"{path} is {width}x{height} pixels, expected at least {crop_width}x{crop_height} to "
            "cut that from; set crop to none"
        )
    left = (width - crop_width) // 2
    return cropped(sample, left, height - crop_height, crop_width, crop_height)


def _without_top(sample: Sample, rows: int, path: Path) -> Sample:
    """The sample without its first rows; raises DataError where nothing would be left."""
    height, width = sample.image.shape[:2]
    if rows >= height:
        raise DataError(f"{path} has {height} rows, all of which cut_top_px {rows} leaves out")
    return cropped(sample, 0, rows, width, height - rows) if rows else sample
