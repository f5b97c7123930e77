# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files of a data set, read so that whatever is wrong with one is a DataError that names it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.sample import DataError, UnfitSampleError
from depth_completion_core.files.calibration_files import read_intrinsics
from depth_completion_core.files.input_files import (
    read_depth,
    read_image,
    read_validity,
)
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, Float32Array, UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform

_FARTHEST_POINT = 1e9  # metres


@contextmanager
def blamed_on(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a file is read into a DataError that names it."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:  # a damaged file breaks its parser in any way
        text = str(error) or type(error).__name__
        raise DataError(text if str(path) in text else f"{path}: {text}") from error


def rgb_of(path: Path, *, size: tuple[int, int] | None = None) -> UInt8Array:
    """(H, W, 3) uint8 RGB.

    Args:
        path: an image file.
        size: the (height, width) that it must have; None for any.

    Raises:
        DataError: it is missing or damaged; UnfitSampleError where it is of another size.
    """
    with blamed_on(path):
        image = read_image(path)
    if size is not None:
        _check_size(path, image.shape[:2], size)
    return image


def depth_of(
    path: Path,
    *,
    depth_scale: float,
    size: tuple[int, int],
    image: Path | None = None,
    max_depth: float = np.inf,
) -> SparseDepth:
    """Depth of a 16-bit PNG or .npy; as :func:`depth_completion_core.files.input_files.read_depth`.

    Args:
        path: the file.
        depth_scale: numbers of a PNG over this are metres.
        size: the (height, width) that it must have.
        image: whose size that is, for messages; None where the data set has one size only.
        max_depth: what is farther is not valid, metres.

    Raises:
        DataError: it is missing, damaged or of another size.
    """
    with blamed_on(path):
        depth = read_depth(path, depth_scale=depth_scale)
    _check_size(path, depth.depth.shape, size, image)
    if max_depth == np.inf:
        return depth
    return SparseDepth.from_depth(np.where(depth.depth <= max_depth, depth.depth, np.float32(0)))


def validity_of(path: Path, *, size: tuple[int, ...], image: Path) -> BoolArray:
    """(H, W) bool, where something was measured.

    Args:
        path: the file.
        size: the (height, width) that it must have.
        image: whose size that is, for messages.

    Raises:
        DataError: it is missing, damaged, of another size or no validity map.
    """
    with blamed_on(path):
        measured = read_validity(path)
    _check_size(path, measured.shape, size, image)
    return measured


def camera_of(path: Path, *, size: tuple[int, int], image: Path) -> CameraModel:
    """The camera of a text file or .npy with a 3x3 intrinsic matrix, or a 4x4 one around it.

    Args:
        path: the file.
        size: (height, width) of the image, pixels.
        image: its file, for messages.

    Raises:
        DataError: the file is missing, or holds no intrinsic matrix of such an image.
    """
    height, width = size
    with blamed_on(path):
        return read_intrinsics(path, width=width, height=height, image=image)


def pose_of(path: Path) -> RigidTransform:
    """The transform of a text file with 12 or 16 numbers, row by row; raises DataError."""
    with blamed_on(path):
        numbers = np.array(path.read_text(encoding="utf-8-sig").split(), dtype=np.float64)
        if numbers.size not in (12, 16):
            raise ValueError(f"holds {numbers.size} numbers, expected a 3x4 or 4x4 matrix")
    return pose_of_matrix(numbers.reshape(-1, 4), path)


def pose_of_matrix(matrix: npt.NDArray[np.float64], source: Path) -> RigidTransform:
    """The transform of (3, 4) or (4, 4) numbers.

    Args:
        matrix: as a file has it.
        source: the file, for messages.

    Raises:
        UnfitSampleError: its 3x3 part is no rotation, or a number is not finite.
    """
    try:
        return RigidTransform.from_matrix(matrix)
    except ValueError as error:
        raise UnfitSampleError(
            "a pose that is none",
            f"{source}: {error}; delete the poses to train without them",
        ) from error


def points_of(path: Path) -> Float32Array:
    """(N, 3) float32 metres of a file of float32 x, y, z, intensity; raises DataError."""
    with blamed_on(path):
        data = path.read_bytes()
    if not data or len(data) % 16:
        raise DataError(
            f"{path} holds {len(data)} bytes, expected 16 for each point: float32 x y z intensity"
        )
    records = with_measured_points(np.frombuffer(data, dtype="<f4").reshape(-1, 4))
    return np.ascontiguousarray(records[:, :3], dtype=np.float32)


def with_measured_points(records: Float32Array) -> Float32Array:
    """Of (N, M) numbers, of which three are x, y, z in metres, those that are of a point.

    Drivers write NaN or infinity where nothing came back; float32 cannot hold the squares of what
    is farther than any sensor sees.
    """
    return records[(np.abs(records[:, :3]) < _FARTHEST_POINT).all(axis=1)]


def _check_size(
    path: Path, found: tuple[int, ...], expected: tuple[int, ...], image: Path | None = None
) -> None:
    if tuple(found) == tuple(expected):
        return
    of_what = (
        f"{image} has: one of the two is damaged or of another size"
        if image
        else "the image that it belongs to"
    )
    raise UnfitSampleError(
        "files of several sizes",
        f"{path} is {found[1]}x{found[0]} pixels, expected {expected[1]}x{expected[0]} as "
        f"{of_what}",
    )
