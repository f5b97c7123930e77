# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Virtual KITTI's text tables of cameras: a line of column names, then frame by frame.

Intrinsics: frame, camera, fx fy cx cy. Extrinsics: frame, camera (only in 2.0.3), and the matrix
that takes the world to the camera, its 16 numbers row by row.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from depth_completion_core.data.readers.reading import blamed_on, pose_of_matrix
from depth_completion_core.data.sample import DataError
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform

_Key = tuple[int, ...]


def camera_row(path: Path, key: _Key, *, size: tuple[int, int]) -> CameraModel:
    """The camera of a frame.

    Args:
        path: the table.
        key: frame and camera.
        size: (height, width) of the image, pixels.

    Raises:
        DataError: the table is missing or damaged, or lacks the frame.
    """
    fx, fy, cx, cy = _row(path, key, count=4)
    with blamed_on(path):
        return CameraModel(fx=fx, fy=fy, cx=cx, cy=cy, width=size[1], height=size[0])


def pose_row(path: Path, key: _Key) -> RigidTransform:
    """The camera from the world, of a frame (and camera); raises DataError."""
    return pose_of_matrix(np.reshape(_row(path, key, count=16), (4, 4)), path)


def _row(path: Path, key: _Key, *, count: int) -> tuple[float, ...]:
    table = _table(path, len(key))
    if key not in table:
        raise DataError(f"{path} lacks the line that begins with {' '.join(map(str, key))}")
    if len(table[key]) != count:
        raise DataError(
            f"{path}: the line that begins with {' '.join(map(str, key))} goes on with "
            f"{len(table[key])} numbers, expected {count}"
        )
    return table[key]


@lru_cache(maxsize=64)
def _table(path: Path, key_length: int) -> dict[_Key, tuple[float, ...]]:
    with blamed_on(path):
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()[1:]]
        return {
            tuple(int(word) for word in words[:key_length]): tuple(map(float, words[key_length:]))
            for words in lines
            if words
        }
