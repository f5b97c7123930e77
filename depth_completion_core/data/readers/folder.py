# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A plain folder of frames, as anybody can make one.

::

    FOLDER/image/NAME.png             RGB
           sparse_depth/NAME.png      measured depth                  (optional)
           validity_map/NAME.png      256 where it was measured       (optional)
           ground_truth/NAME.png      true depth                      (optional)
           K.txt or intrinsics/NAME.txt      3x3                      (optional)
           absolute_pose/NAME.txt     3x4 camera to world             (optional)

Depth is 16-bit PNG of metres times ``depth_scale``, or .npy in metres. A folder of such folders is
read as one set of several sequences.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from depth_completion_core.data.readers.depth_units import unit_remarks
from depth_completion_core.data.readers.frame_files import FrameFiles, poses_of, sample_of
from depth_completion_core.data.readers.lists import check_unique
from depth_completion_core.data.readers.reading import blamed_on, pose_of
from depth_completion_core.data.readers.sequences import neighbours_in
from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.files.file_sources import files_in, files_of, left_out_of
from depth_completion_core.files.input_files import DEPTH_TYPES, IMAGE_TYPES
from depth_completion_core.files.listing import listed
from depth_completion_core.files.partners import partners_by_name
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.settings.fields import setting

_MATRIX_TYPES = (".txt", ".npy")


class Folder(DepthDataset):
    """The frames of a folder in the order of their names: NAME, or SEQUENCE/NAME."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """How its files are read."""

        depth_scale: float = setting(256.0, low=1e-3)
        """Value of a depth PNG that means 1 m: 256, or 1000 for millimetres."""
        triplet_offset: int = setting(0, low=0)
        """Add the images this many frames before and after as views; 0 for none."""
        skip_edges: bool = True
        """With views: leave out frames too close to an end of their sequence to have both."""

    config: Config

    def __init__(self, root: Path, config: Config | None = None) -> None:
        super().__init__(root, config)
        self._left_out: list[str] = []
        sequences = _sequences(root)
        if sequences == [root]:
            self._leave_out(root, [f"{path.parent.name}/" for path in sorted(root.glob("*/image"))])
        self._frames = [files for sequence in sequences for files in self._frames_of(sequence)]

    @property
    def names(self) -> list[str]:
        """NAME or SEQUENCE/NAME, sorted."""
        return [files.name for files in self._frames]

    def __getitem__(self, index: int) -> Sample:
        return sample_of(self._frames[index], depth_scale=self.config.depth_scale)

    def world_from_camera(self, index: int) -> RigidTransform | None:
        """Of absolute_pose/NAME.txt."""
        image = self._frames[index].image
        path = image.parent.parent / "absolute_pose" / f"{image.stem}.txt"
        return pose_of(path) if path.is_file() else None

    @property
    def remarks(self) -> list[str]:
        """What is not read, and how far away depth is, by which a wrong unit shows.

        They are the same for a run that goes on as for a whole one.
        """
        scale = f"--set depth_scale ({self.config.depth_scale:g} now; 1000 for millimetres)"
        samples = []
        for index in sorted({0, len(self) - 1}):
            with suppress(DataError):  # told where it is to be scored
                samples.append(self[index])
        return [*(f"Not read: {what}." for what in self._left_out), *unit_remarks(samples, scale)]

    def _frames_of(self, sequence: Path) -> Iterator[FrameFiles]:
        images = files_in(sequence / "image", IMAGE_TYPES)
        if not images:
            raise DataError(f"{sequence / 'image'} holds no images ({', '.join(IMAGE_TYPES)})")
        check_unique([image.stem for image in images], sequence / "image")
        self._leave_out(sequence / "image", left_out_of(sequence / "image", IMAGE_TYPES))
        offset = self.config.triplet_offset
        neighbours = neighbours_in(images, offset) if offset else {}
        sparse, validity, truth = (
            self._partners(sequence / name, DEPTH_TYPES, images)
            for name in ("sparse_depth", "validity_map", "ground_truth")
        )
        matrices = self._matrices(sequence, images)
        prefix = "" if sequence == self.root else f"{sequence.name}/"
        for image in images:
            if offset and self.config.skip_edges and image not in neighbours:
                continue
            around = neighbours.get(image, ())
            yield FrameFiles(
                name=f"{prefix}{image.stem}",
                image=image,
                intrinsics=matrices.get(image),
                sparse=sparse.get(image),
                validity=validity.get(image),
                truth=truth.get(image),
                neighbours=around,
                neighbour_intrinsics=tuple(matrices[path] for path in around if matrices),
                poses=poses_of(image, around),
            )

    def _partners(
        self, folder: Path, types: tuple[str, ...], images: list[Path]
    ) -> dict[Path, Path]:
        """For each image the file of its name; nothing where there is no such folder."""
        if not folder.is_dir():
            return {}
        remedy = f"; {folder.name}/ has a file for every image or is not there"
        with blamed_on(folder):
            files = files_of(folder, types, root=self.root).files
            found = partners_by_name(images, files, folder.name, remedy=remedy)
        self._leave_out(folder, [*left_out_of(folder, types), *found.unused])
        return dict(zip(images, found.files, strict=True))

    def _matrices(self, sequence: Path, images: list[Path]) -> dict[Path, Path]:
        common = sequence / "K.txt"
        if common.is_file():
            return dict.fromkeys(images, common)
        return self._partners(sequence / "intrinsics", _MATRIX_TYPES, images)

    def _leave_out(self, folder: Path, names: list[str]) -> None:
        if names:
            place = folder.relative_to(self.root).as_posix()
            self._left_out.append(f"{listed(names)} in {place}/")


def _sequences(root: Path) -> list[Path]:
    if (root / "image").is_dir():
        return [root]
    found = sorted(path.parent for path in root.glob("*/image") if path.is_dir())
    if not found:
        raise DataError(f"{root} holds no folder image/, nor folders that hold one")
    return found
