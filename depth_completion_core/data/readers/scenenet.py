# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SceneNet RGB-D: McCormac et al., "SceneNet RGB-D", ICCV 2017; rendered rooms, 320x240 pixels.

::

    {train,val}/PART/SEQUENCE/{photo/N.jpg, depth/N.png}    PART 0 to 16, N 0, 25, 50, ... 7475

A depth image holds millimetres from the camera's centre along each ray (0: a ray that hits
nothing), not along its axis, as the authors' scripts read it; here it becomes depth along the axis.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from depth_completion_core.data.readers.lists import read_list
from depth_completion_core.data.readers.reading import depth_of, rgb_of
from depth_completion_core.data.readers.sequences import numbered_files, with_neighbours
from depth_completion_core.data.readers.views import read_views
from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.settings.fields import setting

_HEIGHT, _WIDTH = 240, 320
_MILLIMETRES = 1000.0

# Fields of view of 60 and 45 degrees. The authors' rays pass through pixel + 0.5 of 320x240, which
# is what the principal point amounts to where integers are pixel centres.
SCENENET_CAMERA = CameraModel(
    fx=_WIDTH / 2 / math.tan(math.radians(30.0)),
    fy=_HEIGHT / 2 / math.tan(math.radians(22.5)),
    cx=_WIDTH / 2 - 0.5,
    cy=_HEIGHT / 2 - 0.5,
    width=_WIDTH,
    height=_HEIGHT,
)


class SceneNet(DepthDataset):
    """Frames named ``train/PART/SEQUENCE/N``; sparse depth is for the caller to draw.

    Attributes:
        default_sparsifier: corners, half a percent of the pixels, as ScaffNet is trained with.
    """

    default_sparsifier: str = "corners:384"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Which frames, and what is read with each."""

        split: Literal["train", "val"] = "train"
        """Which folder."""
        parts: tuple[int, ...] = ()
        """Read only the parts with these numbers; empty for all."""
        triplet_offset: int = setting(0, low=0)
        """Add the images this many frames before and after as views; 0 for none. Frames without
        both are left out."""
        bad_frames: str = ""
        """List of frames to leave out, relative to the folder; lines of train/PART/SEQUENCE/N."""
        fewest_pixels: int = setting(0, low=0)
        """Leave out frames with depth on fewer pixels; reads all depth images at the start."""
        is_ray_length: bool = True
        """False reads the depth images as depth along the axis, as ScaffNet's preparation does."""

    config: Config

    def __init__(self, root: Path, config: Config | None = None) -> None:
        super().__init__(root, config)
        bad = set(read_list(root / self.config.bad_frames)) if self.config.bad_frames else set()
        self._frames = [
            frame
            for sequence in _sequences(root / self.config.split, self.config.parts)
            for frame in self._frames_of(sequence)
            if frame.name not in bad and self._has_depth(frame)
        ]
        if not self._frames:
            raise DataError(f"{root}: no frame of {self.config.split} is left; see the settings")

    @property
    def names(self) -> list[str]:
        """By part, sequence and number."""
        return [frame.name for frame in self._frames]

    def __getitem__(self, index: int) -> Sample:
        frame = self._frames[index]
        size = _HEIGHT, _WIDTH
        return Sample(
            name=frame.name,
            image=rgb_of(frame.image, size=size),
            camera=SCENENET_CAMERA,
            truth=self._truth(frame),
            views=read_views(frame.neighbours, size=size, camera=SCENENET_CAMERA),
        )

    def triplet(self, index: int) -> tuple[Path, ...]:
        """The images before, of and after a frame, or its own alone without neighbours."""
        frame = self._frames[index]
        if not frame.neighbours:
            return (frame.image,)
        before, after = frame.neighbours
        return before, frame.image, after

    def _truth(self, frame: _Frame) -> SparseDepth:
        path = frame.image.parent.parent / "depth" / f"{frame.image.stem}.png"
        stored = depth_of(path, depth_scale=_MILLIMETRES, size=(_HEIGHT, _WIDTH))
        if not self.config.is_ray_length:
            return stored
        ray_length = np.linalg.norm(SCENENET_CAMERA.rays()[0], axis=-1)
        return SparseDepth(stored.depth / ray_length, stored.valid)

    def _has_depth(self, frame: _Frame) -> bool:
        fewest = self.config.fewest_pixels
        return fewest == 0 or self._truth(frame).count >= fewest

    def _frames_of(self, sequence: Path) -> Iterator[_Frame]:
        prefix = sequence.relative_to(self.root).as_posix()
        images = numbered_files(sequence / "photo", ".jpg")
        for image, around in with_neighbours(images, self.config.triplet_offset):
            yield _Frame(f"{prefix}/{image.stem}", image, around)


class _Frame(NamedTuple):
    name: str
    image: Path
    neighbours: tuple[Path, ...]


def _sequences(folder: Path, parts: tuple[int, ...]) -> list[Path]:
    """The sequences of a split in numeric order; raises DataError."""
    wanted = [folder / str(part) for part in parts] or _numbered_folders(folder)
    found = [sequence for part in wanted for sequence in _numbered_folders(part)]
    if not found:
        raise DataError(
            f"{folder} holds no PART/SEQUENCE/photo folders"
            + (f" in the parts {', '.join(map(str, parts))}" if parts else "")
            + "; unpack SceneNet RGB-D there"
        )
    return found


def _numbered_folders(parent: Path) -> list[Path]:
    folders = (path for path in parent.glob("*") if path.name.isdigit() and path.is_dir())
    return sorted(folders, key=_number)


def _number(folder: Path) -> int:
    return int(folder.name)
