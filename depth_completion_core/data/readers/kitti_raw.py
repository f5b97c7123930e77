# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""KITTI's raw drives: images, and the lidar's sweeps projected into them.

The folder is one drive, or holds drives at most two folders down, as the official archives unpack::

    2011_09_26/calib_{cam_to_cam,velo_to_cam,imu_to_velo}.txt
    2011_09_26/2011_09_26_drive_0001_sync/{image_02,image_03,velodyne_points,oxts}/data/NNNNNNNNNN.*

What else is read: :mod:`depth_completion_core.data.readers.kitti_drive`. Sweeps are taken as KITTI
gives them: already corrected for the motion of the car.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from depth_completion_core.config import ProjectionConfig
from depth_completion_core.data.readers.kitti_drive import (
    COLOUR_CAMERAS,
    calibrated_camera,
    image_files,
    stamps_ns,
    sweep_files,
    sweep_of,
)
from depth_completion_core.data.readers.kitti_oxts import camera_poses
from depth_completion_core.data.readers.lists import read_list
from depth_completion_core.data.readers.reading import rgb_of
from depth_completion_core.data.readers.sequences import unbroken_runs, with_neighbours
from depth_completion_core.data.readers.views import read_views
from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.data.sampling.scan_split import split_sweep
from depth_completion_core.data.sampling.sweep_depth import sweep_depth
from depth_completion_core.frame import SparseDepth, View
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.settings.fields import setting


class KittiRaw(DepthDataset):
    """Frames with a sweep, named ``2011_09_26/2011_09_26_drive_0001_sync/image_02/0000000005``."""

    protocol = "kitti"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Which frames, and what becomes of the sweeps."""

        camera: Literal["left", "right", "both"] = "left"
        """Which colour camera."""
        drives: tuple[str, ...] = ()
        """Read only these drives; empty for all."""
        split_file: str = ""
        """Read only the frames of this list, relative to the folder; lines begin with the image."""
        keep_rows: int = setting(1, low=1)
        """Every n-th scan line becomes sparse depth and the others truth; 1 for no truth."""
        triplet_offset: int = setting(0, low=0)
        """Add the images this many frames before and after as views; 0 for none. Frames without
        both are left out."""
        projection: ProjectionConfig = field(default_factory=ProjectionConfig)
        """From sweeps to sparse depth."""

    config: Config

    def __init__(self, root: Path, config: Config | None = None) -> None:
        super().__init__(root, config)
        self._frames = [
            frame
            for drive in _chosen_drives(root, self.config.drives)
            for camera_index in COLOUR_CAMERAS[self.config.camera]
            for frame in self._frames_of(drive, camera_index)
        ]
        if self.config.split_file:
            self._frames = _listed(self._frames, root / self.config.split_file)
        if not self._frames:
            raise DataError(
                f"{root}: no image has a sweep and neighbours; see drives and triplet_offset"
            )

    @property
    def names(self) -> list[str]:
        """Drive, camera and number, sorted; in the order of the list where there is one."""
        return [frame.name for frame in self._frames]

    def __getitem__(self, index: int) -> Sample:
        frame = self._frames[index]
        image = rgb_of(frame.image)
        size = image.shape[0], image.shape[1]
        camera, camera_from_velodyne = calibrated_camera(frame.drive, frame.camera_index, size=size)
        kept, withheld = self._projected(frame.sweep, camera, camera_from_velodyne)
        return Sample(
            name=frame.name,
            image=image,
            camera=camera,
            sparse=kept,
            truth=withheld,
            views=_views(frame, camera, size),
            stamp_ns=stamps_ns([frame.image])[0],
        )

    def _projected(
        self, sweep: Path, camera: CameraModel, camera_from_velodyne: RigidTransform
    ) -> tuple[SparseDepth, SparseDepth | None]:
        """Sparse depth and truth."""
        points, config = sweep_of(sweep)[:, :3], self.config.projection
        if self.config.keep_rows == 1:
            return sweep_depth(points, camera, camera_from_velodyne, config).seen, None
        keep_rows = self.config.keep_rows
        return split_sweep(points, camera, camera_from_velodyne, keep_rows=keep_rows, config=config)

    def _frames_of(self, drive: Path, camera_index: int) -> Iterator[_Frame]:
        sweeps = {path.stem: path for path in sweep_files(drive)}
        prefix = (drive / f"image_{camera_index:02d}").relative_to(self.root).as_posix()
        for run in unbroken_runs(image_files(drive, camera_index)):
            for image, around in with_neighbours(run, self.config.triplet_offset):
                if image.stem in sweeps:
                    yield _Frame(
                        f"{prefix}/{image.stem}",
                        drive,
                        camera_index,
                        image,
                        sweeps[image.stem],
                        around,
                    )


class _Frame(NamedTuple):
    name: str
    drive: Path
    camera_index: int
    image: Path
    sweep: Path
    neighbours: tuple[Path, ...]


def _views(frame: _Frame, camera: CameraModel, size: tuple[int, int]) -> tuple[View, ...]:
    if not frame.neighbours:
        return ()
    paths = [frame.image, *frame.neighbours]
    return read_views(
        frame.neighbours,
        size=size,
        camera=camera,
        stamps_ns=stamps_ns(frame.neighbours),
        world_from_camera=camera_poses(frame.drive, frame.camera_index, paths, size=size),
    )


def _chosen_drives(root: Path, wanted: tuple[str, ...]) -> list[Path]:
    patterns = ("image_0[23]", "*/image_0[23]", "*/*/image_0[23]")
    found = sorted({path.parent for pattern in patterns for path in root.glob(pattern)})
    if not found:
        raise DataError(
            f"{root} holds no drive of KITTI's raw data; expected image_02/ in it, or in "
            "DATE/DATE_drive_NNNN_sync/"
        )
    missing = set(wanted) - {drive.name for drive in found}
    if missing:
        raise DataError(f"{root} lacks the drives {', '.join(sorted(missing))}; unpack them there")
    return [drive for drive in found if not wanted or drive.name in wanted]


def _listed(frames: list[_Frame], listing: Path) -> list[_Frame]:
    """The frames of a list in its order; those that are not on disk or lack a neighbour are not."""
    by_image = {frame.name: frame for frame in frames}
    names = [
        line.split()[0].rpartition(".")[0].replace("/data/", "/") for line in read_list(listing)
    ]
    found = [by_image[name] for name in names if name in by_image]
    if not found:
        raise DataError(
            f"{listing} names {names[0]} and {len(names) - 1} others, none of which is there; "
            "expected lines as 2011_09_26/2011_09_26_drive_0001_sync/image_02/data/0000000005.png"
        )
    return found
