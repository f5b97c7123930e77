# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that are written, each whole or not at all."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from depth_completion_core.geometry.arrays import BoolArray, Float32Array, UInt8Array

_PLY_RECORD = np.dtype([("xyz", "<f4", 3), ("rgb", "u1", 3)])


def write_whole(path: Path, data: bytes) -> None:
    """Write under a temporary name, then rename; an error or Ctrl-C leaves nothing behind."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text."""
    write_whole(path, text.encode("utf-8"))


def write_json(path: Path, values: object) -> None:
    """Write plain values as indented JSON; NaN is refused, since JSON has none."""
    write_text(path, json.dumps(values, indent=2, allow_nan=False) + "\n")


def without_nan(values: Mapping[str, float]) -> dict[str, float | None]:
    """The values for JSON, which has no NaN: None for those that are not finite."""
    return {key: value if math.isfinite(value) else None for key, value in values.items()}


def write_picture(path: Path, picture: UInt8Array) -> None:
    """Write (H, W, 3) uint8 RGB as PNG."""
    write_whole(path, cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes())


def write_depth_png(
    path: Path, depth: Float32Array, valid: BoolArray, *, depth_scale: float
) -> None:
    """Write (H, W) metres as 16-bit PNG of rounded metres times ``depth_scale``.

    0 stands for no depth, and for depths of more than 65535 / ``depth_scale``.
    """
    scaled = np.rint(np.where(valid, depth, 0) * depth_scale)
    numbers = np.where(scaled > np.iinfo(np.uint16).max, 0, scaled).astype(np.uint16)
    write_whole(path, cv2.imencode(".png", numbers)[1].tobytes())


def write_depth_npy(path: Path, depth: Float32Array, valid: BoolArray) -> None:
    """Write (H, W) float32 metres as .npy, 0 where not valid."""
    buffer = io.BytesIO()
    np.save(buffer, np.where(valid, depth, np.float32(0)), allow_pickle=False)
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
