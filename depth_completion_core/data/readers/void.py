# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""VOID: indoor images of an Intel D435i with the sparse points of visual-inertial odometry.

Wong et al., "Unsupervised Depth Completion from Visual Inertial Odometry", RA-L 2020. The folder is
``void_release`` or one density of it::

    void_release/void_{150,500,1500}/
      {train,test}_{image,sparse_depth,validity_map,ground_truth,intrinsics}.txt
      data/SEQUENCE/{image,sparse_depth,validity_map,ground_truth}/STAMP.png
      data/SEQUENCE/absolute_pose/STAMP.txt    3x4, camera to world
      data/SEQUENCE/K.txt                      3x3

Depth is 16-bit PNG of metres times 256. Lines of the lists begin with ``void_1500/data/`` or with
``data/``; where a list other than that of the images is missing, its files are looked for in the
image's sequence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from depth_completion_core.data.readers.frame_files import FrameFiles, poses_of, sample_of
from depth_completion_core.data.readers.lists import (
    check_same_frames,
    check_unique,
    listed_path,
    read_parallel,
)
from depth_completion_core.data.readers.sequences import neighbours_in
from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.files.name_numbers import frame_order
from depth_completion_core.settings.fields import setting

_DEPTH_SCALE = 256.0
_LISTS = ("image", "sparse_depth", "validity_map", "ground_truth", "intrinsics")
_DENSITY_FOLDER = re.compile(r"void_\d+")


class Void(DepthDataset):
    """The frames of one list of VOID, named ``SEQUENCE/STAMP``."""

    protocol = "void"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Which frames, and what is read with each."""

        density: int = setting(0, low=0)
        """Points per image: 150, 500 or 1500; 0 for that of the folder, 1500 in void_release."""
        split: Literal["test", "train"] = "test"
        """Which lists to read."""
        triplet_offset: int = setting(0, low=0)
        """Add the images this many frames before and after as views; 0 for none; authors: 10."""
        skip_edges: bool = True
        """With views: leave out frames too close to an end of their sequence to have both."""
        skip_start: int = setting(0, low=0)
        """Leave out this many frames at the start of each sequence; the authors train with 30."""
        skip_end: int = setting(0, low=0)
        """Leave out this many frames at its end; the authors train with 40."""

    config: Config

    def __init__(self, root: Path, config: Config | None = None) -> None:
        super().__init__(root, config)
        self._folder = _density_folder(root, self.config.density)
        listings = {what: self._folder / f"{self.config.split}_{what}.txt" for what in _LISTS}
        self._listings = {
            what: path for what, path in listings.items() if what == "image" or path.is_file()
        }
        self._lines = {
            what: [_below(self._folder, line, self._listings[what]) for line in lines]
            for what, lines in read_parallel(self._listings).items()
        }
        self._frames = self._chosen_frames()
        self._line_of = {
            self._folder / line: number for number, line in enumerate(self._lines["image"])
        }
        check_unique(self.names, self._listings["image"])
        check_same_frames(self._listings, self._lines, shared=["intrinsics"])

    @property
    def names(self) -> list[str]:
        """SEQUENCE/STAMP, in the order of the lists."""
        return [frame.name for frame in self._frames]

    def __getitem__(self, index: int) -> Sample:
        frame = self._frames[index]
        image = listed_path(self._folder, self._lines["image"][frame.line], self._listings["image"])
        validity = self._partner("validity_map", frame, image)
        around = tuple(image.with_name(name) for name in frame.neighbours)
        files = FrameFiles(
            name=frame.name,
            image=image,
            intrinsics=self._partner("intrinsics", frame, image),
            sparse=self._partner("sparse_depth", frame, image),
            validity=validity if validity.is_file() else None,
            truth=self._partner("ground_truth", frame, image),
            stamp_ns=_stamp_ns(image),
            neighbours=around,
            neighbour_intrinsics=self._intrinsics_of(around, frame),
            stamps_ns=tuple(_stamp_ns(path) for path in around),
            poses=poses_of(image, around),
        )
        return sample_of(files, depth_scale=_DEPTH_SCALE)

    def _partner(self, what: str, frame: _ListedFrame, image: Path) -> Path:
        if what in self._lines:
            return listed_path(self._folder, self._lines[what][frame.line], self._listings[what])
        if what == "intrinsics":
            return image.parent.parent / "K.txt"
        return image.parent.parent / what / image.name

    def _intrinsics_of(self, images: tuple[Path, ...], frame: _ListedFrame) -> tuple[Path, ...]:
        """As listed beside each image, or as the frame's where an image is in no list."""
        if "intrinsics" not in self._lines:
            return ()
        listing = self._listings["intrinsics"]
        lines = [self._line_of.get(image, frame.line) for image in images]
        return tuple(
            listed_path(self._folder, self._lines["intrinsics"][line], listing) for line in lines
        )

    def _chosen_frames(self) -> list[_ListedFrame]:
        sequences: dict[PurePosixPath, dict[str, tuple[str, ...]]] = {}
        frames = []
        for number, line in enumerate(self._lines["image"]):
            image = PurePosixPath(line)
            if len(image.parts) < 3:
                raise DataError(
                    f"{self._listings['image']}: '{line}', expected data/SEQUENCE/image/STAMP.png"
                )
            if image.parent not in sequences:
                sequences[image.parent] = self._neighbours(self._folder / image.parent)
            chosen = sequences[image.parent]
            if image.name in chosen or not self._is_selective:
                name = f"{image.parts[-3]}/{image.stem}"
                frames.append(_ListedFrame(name, number, chosen.get(image.name, ())))
        return frames

    @property
    def _is_selective(self) -> bool:
        """Whether frames are left out for their place in the sequence."""
        edges = self.config.skip_edges and self.config.triplet_offset > 0
        return edges or self.config.skip_start > 0 or self.config.skip_end > 0

    def _neighbours(self, images: Path) -> dict[str, tuple[str, ...]]:
        """The neighbours of each frame of a sequence that is not left out for its place."""
        if not (self._is_selective or self.config.triplet_offset):
            return {}
        if not images.is_dir():
            raise DataError(f"there is no folder {images}, whose images are listed")
        sequence = [path.name for path in sorted(images.glob("*.png"), key=frame_order)]
        offset = self.config.triplet_offset
        neighbours = neighbours_in(sequence, offset) if offset else {}
        kept = sequence[self.config.skip_start : len(sequence) - self.config.skip_end]
        if self.config.skip_edges and offset:
            kept = [name for name in kept if name in neighbours]
        return {name: neighbours.get(name, ()) for name in kept}


class _ListedFrame(NamedTuple):
    """A name, its line in the lists (from 0), and the file names of its neighbours."""

    name: str
    line: int
    neighbours: tuple[str, ...]


def _stamp_ns(image: Path) -> int:
    """The time that an image is named after, seconds in the name; 0 where that is no number."""
    try:
        return int(Decimal(image.stem) * 10**9)
    except (InvalidOperation, ValueError, OverflowError):
        return 0


def _density_folder(root: Path, density: int) -> Path:
    wanted = root / f"void_{density or 1500}"
    if wanted.is_dir():
        return wanted
    if not (root / "data").is_dir():
        others = sorted(path.name for path in root.glob("void_*") if path.is_dir())
        if others:
            raise DataError(
                f"{root} has no {wanted.name}, but {', '.join(others)}: choose one by the option "
                "density, or give its folder"
            )
        raise DataError(
            f"{root} is not VOID: expected {wanted.name}/ in it, as in void_release, or data/, as "
            "in the folder of one density"
        )
    if density and _DENSITY_FOLDER.fullmatch(root.name) and root.name != wanted.name:
        raise DataError(
            f"{root} is another density than {density}: give its folder, or void_release"
        )
    return root


def _below(folder: Path, line: str, listing: Path) -> str:
    """The line relative to the density folder, whether or not it names that."""
    parts = PurePosixPath(line).parts
    named = next((i for i, part in enumerate(parts) if _DENSITY_FOLDER.fullmatch(part)), -1)
    if named >= 0 and _DENSITY_FOLDER.fullmatch(folder.name) and parts[named] != folder.name:
        raise DataError(
            f"{listing} lists {parts[named]}, expected paths of {folder.name}: '{line}'"
        )
    return str(PurePosixPath(*parts[named + 1 :]))
