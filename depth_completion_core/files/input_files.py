# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that are read: images, depth, intrinsics, and which of them belong together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.geometry.calibration import camera_from_text
from depth_completion_core.geometry.camera import CameraModel

IMAGE_TYPES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".webp")
DEPTH_TYPES = (".png", ".npy")


class InputFileError(ValueError):
    """A file that is missing, damaged or of another kind; the message names it."""


def read_image(path: Path) -> UInt8Array:
    """(H, W, 3) uint8 RGB; raises InputFileError."""
    import cv2  # noqa: PLC0415 - readers are known without it

    picture = cv2.imdecode(_bytes(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise InputFileError(f"{path} is not a readable image ({path.stat().st_size} bytes)")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def read_depth(path: Path, *, depth_scale: float) -> SparseDepth:
    """Depth of a 16-bit PNG (its numbers over ``depth_scale`` are metres) or a .npy in metres.

    Raises:
        InputFileError: the file cannot be read, or holds colours or 8-bit numbers.
    """
    if path.suffix == ".npy":
        depth = _array(path)
    else:
        depth = _png_numbers(path).astype(np.float64) / depth_scale
    if depth.ndim != 2:
        raise InputFileError(f"{path} has shape {depth.shape}, expected (height, width)")
    return SparseDepth.from_depth(depth)


def read_intrinsics(path: Path, *, width: int, height: int) -> CameraModel:
    """The camera of a text file or .npy with the 3x3 intrinsic matrix, for an image of that size.

    Raises:
        InputFileError: the file cannot be read.
        ValueError: it holds no intrinsic matrix.
    """
    if not path.exists():
        raise InputFileError(f"there is no file {path}")
    if path.suffix == ".npy":
        return CameraModel.from_matrix(_array(path), width=width, height=height)
    return camera_from_text(path, width=width, height=height)


def files_of(source: Path, types: Sequence[str], *, root: Path) -> list[Path]:
    """The files that a path means: itself, those of a folder by name, or those of a .txt list.

    Args:
        source: a file, a folder, or a text file with one path per line.
        types: endings of the files looked for.
        root: paths of a list are relative to it, and may not lead out of it.

    Raises:
        InputFileError: nothing is there, or a path leaves the root.
    """
    if source.is_dir():
        found = sorted(item for item in source.iterdir() if item.suffix.lower() in types)
        if not found:
            raise InputFileError(f"the folder {source} holds no {' or '.join(types)} files")
        return found
    if not source.exists():
        raise InputFileError(f"there is no file or folder {source}")
    if source.suffix != ".txt":
        return [source]
    return [path_inside(root, line, source) for line in lines_of(source) if line]


def matched(paths: Sequence[Path], others: Sequence[Path], what: str) -> list[Path]:
    """For each path the one of ``others`` that belongs to it.

    The one of the same name before the ending; the one at the same place where names do not tell
    (they differ, or occur twice in a list) and both are equally many.

    Raises:
        InputFileError: a partner is missing.
    """
    by_name = {other.stem: other for other in others}
    names_tell = len(by_name) == len(others) and len({path.stem for path in paths}) == len(paths)
    if names_tell and all(path.stem in by_name for path in paths):
        return [by_name[path.stem] for path in paths]
    if len(paths) == len(others):
        return list(others)
    missing = next((path for path in paths if path.stem not in by_name), paths[0])
    raise InputFileError(
        f"{len(paths)} images and {len(others)} files of {what}: none belongs to {missing.name}"
    )


def lines_of(listing: Path) -> list[str]:
    """The lines of a text file, without the blanks around them; raises InputFileError."""
    try:
        return [line.strip() for line in listing.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputFileError(f"cannot read the list {listing}: {error}") from error


def path_inside(root: Path, line: str, listing: Path) -> Path:
    """The path that a line of a list means.

    Lists come with data, so they may not lead anywhere else; symbolic links are those of whoever
    keeps the folder, and may.

    Args:
        root: what the line is relative to.
        line: the line.
        listing: the list, for messages.

    Raises:
        InputFileError: the line leads out of the root, or to nothing.
    """
    path = Path(os.path.abspath(root / line))  # noqa: PTH100 - resolve() would follow links
    if Path(os.path.abspath(root)) not in path.parents:  # noqa: PTH100
        raise InputFileError(f"{listing}: '{line}' leads out of {root}; give --root")
    if not path.exists():
        raise InputFileError(f"{listing} names {path}, which is not there; is --root right?")
    return path


def _png_numbers(path: Path) -> npt.NDArray[np.uint16]:
    import cv2  # noqa: PLC0415 - as above

    numbers = cv2.imdecode(_bytes(path), cv2.IMREAD_UNCHANGED)
    if numbers is None:
        raise InputFileError(f"{path} is not a readable PNG ({path.stat().st_size} bytes)")
    if numbers.dtype != np.uint16:
        raise InputFileError(
            f"{path} holds {numbers.dtype} numbers, expected a 16-bit PNG of metres times the "
            "depth scale"
        )
    return numbers.astype(np.uint16, copy=False)


def _bytes(path: Path) -> UInt8Array:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror}") from error
    if not data:
        raise InputFileError(f"{path} is an empty file")
    return np.frombuffer(data, dtype=np.uint8)


def _array(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    try:
        array = np.load(path, allow_pickle=False)
        return np.asarray(array, dtype=np.float64)
    except (OSError, ValueError) as error:
        raise InputFileError(f"{path} is not a readable .npy of numbers: {error}") from error
