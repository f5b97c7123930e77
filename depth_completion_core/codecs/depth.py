# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth images (sensor_msgs/Image) <-> metres, after REP 117 and REP 118.

Depth is the Z coordinate in the optical frame. 32FC1 holds metres with NaN for no measurement;
16UC1 holds millimetres with 0 for none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.errors import CodecError, unknown_encoding
from depth_completion_core.codecs.messages import ImageFields, ImageMessage, pixel_rows

DepthAndValid = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]

_LARGEST_MILLIMETRES = np.iinfo(np.uint16).max


class _Layout(NamedTuple):
    dtype: str
    units_per_metre: int


_LAYOUTS: dict[str, _Layout] = {
    "32FC1": _Layout("f4", 1),
    "16UC1": _Layout("u2", 1000),
    "mono16": _Layout("u2", 1000),
    "64FC1": _Layout("f8", 1),
}


def decode_depth(message: ImageMessage) -> DepthAndValid:
    """A depth image in metres, and where it was measured.

    Returns:
        depth (height, width) float32 metres, 0 where invalid; valid (height, width) bool. NaN, both
        infinities, zero and negative numbers are invalid (REP 117). Both are new arrays.

    Raises:
        CodecError: unknown encoding, empty image, or sizes that contradict each other.
    """
    layout = _LAYOUTS.get(message.encoding)
    if layout is None:
        raise unknown_encoding(
            message.encoding,
            _LAYOUTS,
            "Check that the topic is a depth image and not the colour camera's",
        )
    dtype = np.dtype(layout.dtype).newbyteorder(">" if message.is_bigendian else "<")
    rows = np.ascontiguousarray(pixel_rows(message, dtype.itemsize)).view(dtype)
    return split_invalid(rows, layout.units_per_metre)


def split_invalid(numbers: npt.NDArray[np.generic], units_per_metre: int) -> DepthAndValid:
    """Depth numbers of any dtype as float32 metres, 0 where invalid, and where they are valid.

    Args:
        numbers: (height, width); not changed.
        units_per_metre: 1000 for millimetres.
    """
    with np.errstate(all="ignore"):
        depth = numbers.astype(np.float32)
        if units_per_metre != 1:
            depth /= np.float32(units_per_metre)
        valid = np.isfinite(depth) & (depth > 0)
    depth[~valid] = 0
    return depth, valid


def encode_depth(
    depth: npt.ArrayLike, valid: npt.ArrayLike, encoding: str = "32FC1"
) -> ImageFields:
    """The fields of a depth image.

    Args:
        depth: (height, width) metres; not read where invalid.
        valid: (height, width) bool.
        encoding: 32FC1 (NaN where invalid) or 16UC1 (millimetres, 0 where invalid and where the
            depth exceeds the 65.535 m that it can hold).

    Raises:
        CodecError: another encoding, or shapes that differ.
    """
    metres, mask = checked_depth(depth, valid)
    if encoding == "32FC1":
        pixels: npt.NDArray[np.generic] = np.where(mask, metres, np.float32(np.nan)).astype("<f4")
    elif encoding == "16UC1":
        pixels = millimetres(metres, mask).astype("<u2", copy=False)
    else:
        raise unknown_encoding(encoding, ("32FC1", "16UC1"), "Choose one of the two of REP 118")
    height, width = pixels.shape
    step = width * pixels.itemsize
    return ImageFields(height, width, encoding, 0, step, pixels.reshape(-1).view(np.uint8))


def share_beyond_16uc1(depth: npt.NDArray[np.float32], valid: npt.NDArray[np.bool_]) -> float:
    """The share of all pixels whose depth, (height, width) metres, exceeds what 16UC1 can hold."""
    with np.errstate(all="ignore"):
        is_beyond = valid & (np.rint(depth * np.float32(1000)) > _LARGEST_MILLIMETRES)
    return float(is_beyond.mean())


def checked_depth(depth: npt.ArrayLike, valid: npt.ArrayLike) -> DepthAndValid:
    """Depth (height, width) float32 and valid (height, width) bool, as arrays.

    Raises:
        CodecError: shapes that differ, are not two-dimensional, or hold no pixels.
    """
    metres = np.asarray(depth, dtype=np.float32)
    mask = np.asarray(valid, dtype=np.bool_)
    if metres.ndim != 2 or metres.shape != mask.shape or metres.size == 0:
        raise CodecError(
            f"depth has shape {metres.shape} and valid {mask.shape}, expected the same "
            "(height, width) of at least 1x1"
        )
    return metres, mask


def millimetres(
    depth: npt.NDArray[np.float32], valid: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint16]:
    """(height, width) uint16 of metres, rounded; 0 where invalid or beyond 65.535 m (REP 118)."""
    with np.errstate(all="ignore"):
        rounded = np.rint(depth * np.float32(1000))
        fits = valid & (rounded > 0) & (rounded <= _LARGEST_MILLIMETRES)
    return np.where(fits, rounded, 0).astype(np.uint16)
