# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Real recordings that are one drive: the images around each, and where the camera was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.readers.reading import blamed_on, pose_of_matrix
from depth_completion_core.data.readers.real_layout import RealFiles
from depth_completion_core.data.readers.sequences import neighbours_in
from depth_completion_core.data.sample import DataError
from depth_completion_core.geometry.transforms import RigidTransform

_POSES = "poses.txt"
_NUMBERS = 16  # of a pose
_DRIVES = (_POSES, "image_02")  # what sets of single images do not have


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Two images around another, and where the camera was.

    Attributes:
        files: of both.
        matrices: (4, 4) camera to world of the image itself, then of both; empty for none.
        source: the file that these are from.
    """

    files: tuple[RealFiles, ...]
    matrices: tuple[npt.NDArray[np.float64], ...]
    source: Path

    @property
    def images(self) -> tuple[Path, ...]:
        """Of both."""
        return tuple(each.image for each in self.files)

    @property
    def world_from_camera(self) -> list[RigidTransform]:
        """The poses; raises UnfitSampleError where one is none."""
        return [pose_of_matrix(matrix, self.source) for matrix in self.matrices]


def neighbours_of(root: Path, files: Sequence[RealFiles], offset: int) -> dict[str, Neighbours]:
    """For each name its neighbours; frames nearer to an end have none.

    ``poses.txt`` has a 4x4 camera-to-world matrix per line, row by row, one line per image.

    Args:
        root: the set.
        files: all its samples, in order of time.
        offset: how many images away the neighbours are, at least 1.

    Raises:
        DataError: the set is no drive, or has another number of poses than of images.
    """
    if not any((root / name).exists() for name in _DRIVES):
        raise DataError(
            f"{root} has neither {' nor '.join(_DRIVES)}, so its images are not known to be one "
            "drive: set triplet_offset to 0"
        )
    path = root / _POSES
    matrices = _matrices(path, len(files)) if path.is_file() else None
    around = neighbours_in(range(len(files)), offset)
    return {
        files[index].name: Neighbours(
            files=tuple(files[other] for other in others),
            matrices=() if matrices is None else tuple(matrices[[index, *others]]),
            source=path,
        )
        for index, others in around.items()
    }


def _matrices(path: Path, count: int) -> npt.NDArray[np.float64]:
    """(count, 4, 4)."""
    with blamed_on(path):
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        rows = [(number, line.split()) for number, line in enumerate(lines, 1) if line.strip()]
        for number, words in rows:
            if len(words) != _NUMBERS:
                raise ValueError(
                    f"line {number} has {len(words)} numbers, expected {_NUMBERS}: a 4x4 matrix, "
                    "camera to world, row by row"
                )
        if len(rows) != count:
            raise ValueError(f"holds {len(rows)} poses, expected {count}, one for each image")
        matrices = np.array([words for _, words in rows], dtype=np.float64)
        return matrices.reshape(-1, 4, 4)
