# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""sensor_msgs/PointCloud2 <-> arrays, whatever the order, offsets and padding of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.messages import PointCloudMessage, UInt8Array
from depth_completion_core.codecs.point_records import NUMPY_TYPES, PointRecords
from depth_completion_core.codecs.point_times import (
    StampAt,
    known_time_fields,
    unknown_time_fields,
)
from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.codecs.sweep_clock import SweepClock

Float32Array = npt.NDArray[np.float32]
_Kept: TypeAlias = "slice | npt.NDArray[np.bool_]"


@dataclass(frozen=True, slots=True, eq=False)
class PointCloud:
    """The finite points of a PointCloud2, in the order of the message.

    Attributes:
        xyz: (N, 3) float32 metres, C-contiguous. May be a view of the message, read-only where the
            message is.
        time_offset_ns: (N,) int64 nanoseconds from the header stamp to the point's own measuring
            time; None where the message tells none.
        intensity: (N,) float32 in the driver's unit, or None.
        rgb: (N, 3) uint8, or None.
        dropped: how many points without a measurement were removed: NaN, infinite or all 0.
    """

    xyz: Float32Array
    time_offset_ns: npt.NDArray[np.int64] | None = None
    intensity: Float32Array | None = None
    rgb: UInt8Array | None = None
    dropped: int = 0


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


def decode_points(
    message: PointCloudMessage, *, stamp_at: StampAt = "start", clock: SweepClock | None = None
) -> PointCloud:
    """The points of a PointCloud2, organised or not, of any field order, padding and byte order.

    Points with NaN or infinite coordinates are removed whatever ``is_dense`` says, and so are those
    at exactly 0, 0, 0: no sensor measures its own origin, but many send it for a missing return. Of
    a field with a count above 1 the first number is read. The message is not changed.

    Args:
        message: rclpy's, rosbags', or what :func:`encode_points` returns.
        stamp_at: whether the driver stamps the start or the end of a sweep; how per-point times are
            read is described in :mod:`depth_completion_core.codecs.point_times`.
        clock: of the stream that the cloud is of; None for a cloud alone.

    Returns:
        Its measured points. The coordinates are not copied where the message holds nothing else.

    Raises:
        CodecError: a Livox CustomMsg, no x, y or z, or sizes that contradict each other.
        ValueError: another ``stamp_at``.
    """
    if stamp_at not in ("start", "end"):
        raise ValueError(f"stamp_at is '{stamp_at}', expected 'start' or 'end'")
    if hasattr(message, "point_num"):
        raise CodecError(
            "the message is a Livox CustomMsg, expected a sensor_msgs/PointCloud2. Set xfer_format "
            "to 0 in the launch file of the Livox driver"
        )
    if message.height * message.width == 0:
        return PointCloud(np.empty((0, 3), np.float32))
    records = PointRecords.from_message(message)
    xyz = _read_xyz(records)
    kept: _Kept = slice(None)
    measured = _are_measured(xyz)
    if not measured.all():
        kept = measured
        xyz = xyz.compress(kept, axis=0)
    return PointCloud(
        xyz=xyz,
        time_offset_ns=_read_times(records, kept, message, stamp_at, clock or SweepClock()),
        intensity=_read_intensity(records, kept),
        rgb=_read_rgb(records, kept),
        dropped=records.count - len(xyz),
    )


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


def _read_xyz(records: PointRecords) -> Float32Array:
    types = [records.dtype(name) for name in "xyz"]
    for name, dtype in zip("xyz", types, strict=True):
        if dtype.kind != "f":
            raise CodecError(f"field '{name}' is {dtype.name}, expected float32 or float64 metres")
    offsets = [records.fields[name].offset for name in "xyz"]
    if types == [np.dtype(np.float32)] * 3 and np.ptp(offsets) == 8 and offsets == sorted(offsets):
        block = records.rows_of_three("x")
        # Messages of rosbags may begin at any byte.
        if block.flags.c_contiguous and block.flags.aligned:
            return block.reshape(-1, 3)
    # A column at a time is four times as fast as numpy's copy of rows of three.
    xyz = np.empty((records.count, 3), np.float32)
    with np.errstate(over="ignore"):
        for i, name in enumerate("xyz"):
            xyz[:, i] = records.column(name)
    return xyz


def _are_measured(xyz: Float32Array) -> npt.NDArray[np.bool_]:
    """(N,) bool; column by column, because a reduction over rows of three is ten times slower."""
    size = np.abs(xyz[:, 0])
    size += np.abs(xyz[:, 1])
    size += np.abs(xyz[:, 2])
    return np.asarray((size > 0) & (size < np.inf))


def _read_times(
    records: PointRecords,
    kept: _Kept,
    message: PointCloudMessage,
    stamp_at: StampAt,
    clock: SweepClock,
) -> npt.NDArray[np.int64] | None:
    columns = {name: records.column(name)[kept] for name in known_time_fields(records.fields)}
    if any(not column.size for column in columns.values()):
        return None
    stamp_ns = stamp_ns_of(message) if hasattr(message, "header") else 0
    unknown = unknown_time_fields(records.fields)
    return clock.offsets_ns(columns, stamp_ns, stamp_at, unknown=unknown)


def _read_intensity(records: PointRecords, kept: _Kept) -> Float32Array | None:
    if "intensity" not in records.fields:
        return None
    return records.column("intensity")[kept].astype(np.float32)


def _read_rgb(records: PointRecords, kept: _Kept) -> UInt8Array | None:
    field = next((name for name in ("rgb", "rgba") if name in records.fields), None)
    if field is None or records.dtype(field).itemsize != 4:
        return None
    packed = records.column(field, np.dtype(f"{records.byte_order}u4"))[kept]
    return np.stack([packed >> 16, packed >> 8, packed], axis=1).astype(np.uint8)


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
