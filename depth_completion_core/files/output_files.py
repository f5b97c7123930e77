# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that are written for people and other programs: pictures, depth, point clouds."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.files.atomic import write_whole
from depth_completion_core.geometry.arrays import (
    BoolArray,
    Float32Array,
    UInt8Array,
    UInt16Array,
)

_JPEG_QUALITY = 80
_PLY_RECORD = np.dtype([("xyz", "<f4", 3), ("rgb", "u1", 3)])


def write_picture(path: Path, picture: UInt8Array) -> None:
    """Write (H, W, 3) uint8 RGB as PNG."""
    write_whole(path, picture_png(picture))


def picture_png(picture: UInt8Array) -> bytes:
    """(H, W, 3) uint8 RGB as the bytes of a PNG."""
    return cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()


def picture_jpeg(picture: UInt8Array) -> bytes:
    """(H, W, 3) uint8 RGB as the bytes of a JPEG, for looking at."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()


def write_depth_png(
    path: Path, depth: Float32Array, valid: BoolArray, *, depth_scale: float
) -> int:
    """Write (H, W) metres as 16-bit PNG; returns the number of pixels too far for it.

    See :func:`depth_numbers`.
    """
    numbers, too_far = depth_numbers(depth, valid, depth_scale=depth_scale)
    write_whole(path, numbers_png(numbers))
    return too_far


def depth_numbers(
    depth: Float32Array, valid: BoolArray, *, depth_scale: float
) -> tuple[UInt16Array, int]:
    """Metres of any shape as uint16 of rounded metres times ``depth_scale``.

    0 stands for no depth, and for depths of more than 65535 / ``depth_scale``; beside them, the
    number of pixels of the latter.
    """
    scaled = np.where(valid, depth, 0) * depth_scale
    np.rint(scaled, out=scaled)
    is_too_far = scaled > np.iinfo(np.uint16).max
    scaled[is_too_far] = 0
    return scaled.astype(np.uint16), int(np.count_nonzero(is_too_far))


def numbers_png(numbers: UInt16Array) -> bytes:
    """(H, W) uint16 as the bytes of a PNG."""
    return cv2.imencode(".png", numbers)[1].tobytes()


def write_depth_npy(path: Path, depth: Float32Array, valid: BoolArray) -> None:
    """Write (H, W) float32 metres as .npy, 0 where not valid."""
    write_npy(path, np.where(valid, depth, np.float32(0)))


def write_npy(path: Path, array: npt.NDArray[np.generic]) -> None:
    """Write an array of plain numbers as .npy."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_whole(path, buffer.getvalue())


def write_ply(path: Path, points: Float32Array, colors: UInt8Array) -> None:
    """Write points (N, 3) in metres with colours (N, 3) uint8 RGB as binary PLY."""
    header = (
        "ply\nformat binary_little_endian 1.0\n"
        f"element vertex {len(points)}\n"
        "property float x\nproperty float y\nproperty float z\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\n"
        "end_header\n"
    )
    records = np.empty(len(points), dtype=_PLY_RECORD)
    records["xyz"], records["rgb"] = points, colors
    write_whole(path, header.encode("ascii") + records.tobytes())
