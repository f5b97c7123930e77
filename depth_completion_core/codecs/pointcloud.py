# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Arrays -> the fields of a sensor_msgs/PointCloud2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.messages import UInt8Array
from depth_completion_core.codecs.point_records import NUMPY_TYPES

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PointFieldSpec:
    """A sensor_msgs/PointField."""

    name: str
    offset: int
    datatype: int
    count: int = 1


class PointCloudFields(NamedTuple):
    """The fields of a sensor_msgs/PointCloud2, its header left out.

    Attributes:
        height: rows; 1 for a cloud without order.
        width: points per row.
        fields: what a point holds.
        is_bigendian: always False.
        point_step: bytes per point.
        row_step: bytes per row.
        data: (height * row_step,) uint8, new.
        is_dense: whether every coordinate is finite.
    """

    height: int
    width: int
    fields: tuple[PointFieldSpec, ...]
    is_bigendian: bool
    point_step: int
    row_step: int
    data: UInt8Array
    is_dense: bool


_FLOAT32 = 7
_DATATYPES = {np.dtype(NUMPY_TYPES[number]): number for number in range(1, 11)}

XYZ_FIELDS = tuple(PointFieldSpec(name, 4 * i, _FLOAT32) for i, name in enumerate("xyz"))
"""12 bytes per point: x, y, z."""

XYZRGB_FIELDS = (*XYZ_FIELDS, PointFieldSpec("rgb", 12, _FLOAT32))
"""16 bytes per point: x, y, z, and 0x00RRGGBB in the bits of a float32, as PCL and rviz read it."""

# Points whose packed bytes (1 MB) stay in a core's cache between the two passes over them.
_BLOCK_POINTS = 1 << 16


def encode_points(
    xyz: npt.ArrayLike,
    rgb: npt.ArrayLike | None = None,
    extra: Mapping[str, npt.NDArray[Any]] | None = None,
) -> PointCloudFields:
    """The fields of a PointCloud2.

    Args:
        xyz: (N, 3) or organised (height, width, 3), metres; written as float32.
        rgb: uint8 of the same shape, or None.
        extra: more fields by name, such as intensity, ring or t, each (N,) or (height, width) of an
            integer or float dtype. Each is placed at a multiple of its size.

    Returns:
        12 bytes per point, 16 with ``rgb``, more with ``extra``.

    Raises:
        CodecError: shapes that differ, or a dtype that PointField cannot hold.
    """
    points = np.asarray(xyz, dtype=np.float32)
    if points.ndim not in (2, 3) or points.shape[-1] != 3:
        raise CodecError(f"xyz has shape {points.shape}, expected (N, 3) or (height, width, 3)")
    height, width = points.shape[:2] if points.ndim == 3 else (1, len(points))
    flat = np.ascontiguousarray(points).reshape(-1, 3)
    colours = None if rgb is None else _checked_colours(rgb, points.shape)
    fields = XYZ_FIELDS if colours is None else XYZRGB_FIELDS
    point_step = 4 * len(fields)
    if extra:
        fields, point_step = _with_extra_fields(fields, extra, points.shape[:-1])
        data = _interleaved(flat, colours, extra, fields, point_step)
    elif colours is not None:
        data = _packed_xyzrgb(flat, colours)
    else:
        data = flat.astype("<f4").reshape(-1).view(np.uint8)
    is_dense = bool(np.isfinite(flat).all())
    row_step = width * point_step
    return PointCloudFields(height, width, fields, False, point_step, row_step, data, is_dense)


def _checked_colours(rgb: npt.ArrayLike, shape: tuple[int, ...]) -> UInt8Array:
    colours = np.asarray(rgb)
    if colours.shape != shape or colours.dtype != np.uint8:
        raise CodecError(
            f"rgb is {colours.dtype} of shape {colours.shape}, expected uint8 of the shape of xyz, "
            f"{shape}"
        )
    return np.ascontiguousarray(colours).reshape(-1, 3)


def _pack_rgb(colours: UInt8Array, out: npt.NDArray[np.uint32]) -> None:
    """Write 0x00RRGGBB; OpenCV's alpha of 255 would make NaNs of the float32s."""
    bgra = np.asarray(cv2.cvtColor(colours[np.newaxis], cv2.COLOR_RGB2BGRA))
    np.bitwise_and(bgra.view("<u4").reshape(-1), np.uint32(0x00FFFFFF), out=out)


def _packed_xyzrgb(xyz: Float32Array, colours: UInt8Array) -> UInt8Array:
    packed = np.empty((len(xyz), 4), "<f4")
    packed_bits = packed.view("<u4")
    for start in range(0, len(xyz), _BLOCK_POINTS):
        block = slice(start, start + _BLOCK_POINTS)
        # OpenCV widens 3 channels to 4 twice as fast as numpy; its fourth is overwritten below.
        cv2.cvtColor(xyz[np.newaxis, block], cv2.COLOR_BGR2BGRA, dst=packed[np.newaxis, block])
        _pack_rgb(colours[block], out=packed_bits[block, 3])
    return packed.reshape(-1).view(np.uint8)


def _with_extra_fields(
    fields: tuple[PointFieldSpec, ...],
    extra: Mapping[str, npt.NDArray[Any]],
    shape: tuple[int, ...],
) -> tuple[tuple[PointFieldSpec, ...], int]:
    """The fields with the extra ones behind them, and point_step."""
    end = 4 * len(fields)
    for name, column in extra.items():
        datatype = _DATATYPES.get(column.dtype.newbyteorder("="))
        if column.shape != shape or datatype is None or name in {field.name for field in fields}:
            raise CodecError(
                f"extra field '{name}' is {column.dtype} of shape {column.shape}, expected a new "
                f"name and an integer or float32/float64 array of shape {shape}"
            )
        offset = -(-end // column.itemsize) * column.itemsize
        fields = (*fields, PointFieldSpec(name, offset, datatype))
        end = offset + column.itemsize
    return fields, -(-end // 4) * 4


def _interleaved(
    xyz: Float32Array,
    colours: UInt8Array | None,
    extra: Mapping[str, npt.NDArray[Any]],
    fields: tuple[PointFieldSpec, ...],
    point_step: int,
) -> UInt8Array:
    if not len(xyz):
        return np.empty(0, np.uint8)
    columns: dict[str, npt.NDArray[Any]] = dict(zip("xyz", xyz.T, strict=True))
    if colours is not None:
        columns["rgb"] = np.empty(len(xyz), "<f4")
        _pack_rgb(colours, out=columns["rgb"].view("<u4"))
    columns.update({name: column.reshape(-1) for name, column in extra.items()})
    data = np.zeros(len(xyz) * point_step, np.uint8)
    for field in fields:
        dtype = np.dtype(NUMPY_TYPES[field.datatype]).newbyteorder("<")
        target: npt.NDArray[Any] = np.ndarray(
            (len(xyz),), dtype, buffer=data, offset=field.offset, strides=(point_step,)
        )
        target[...] = columns[field.name]
    return data
