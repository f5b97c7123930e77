# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The points of VOID's visual-inertial odometry: files ``dataset``, ``dataset_500`` and so on.

They lie beside ``raw.bag`` in a sequence of ``void_raw`` and are protocol buffers (VOID, issue 5):

======== ==================================================================================
message  fields, numbered from 1 in this order
======== ==================================================================================
dataset  description, camera, packets (many), tracks (many)
camera   rows, columns, and one of several lens models
packet   time, pose of the camera in the world (12 numbers, 3x4), features (many), gravity (2)
feature  id, status, pixel (x, y), point in the world (x, y, z), depth
======== ==================================================================================

The depth of a released frame is that of the depth image at these pixels; VIO only says where.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.sample import DataError
from depth_completion_core.files.protobuf_wire import WireError, WireField, wire_fields
from depth_completion_core.geometry.arrays import BoolArray
from depth_completion_core.geometry.transforms import RigidTransform

_CAMERA, _PACKET = 2, 3
_TIME, _POSE, _FEATURE = 1, 2, 3
_ID, _STATUS, _PIXEL, _DEPTH = 1, 2, 3, 5

_LARGEST_BYTES = 4_000_000_000
_MOST_FEATURES = 100_000  # of one image; VOID has 1,500
# Seconds since 1970 have ten digits; what is larger is in a smaller unit.
_UNITS = ((1e17, 1), (1e14, 10**3), (1e11, 10**6))
_NANOSECONDS = 10**9


class FeatureStatus(IntEnum):
    """What VIO thought of a feature."""

    EMPTY = 0
    GOODDROP = 1
    KEEP = 2
    REJECT = 3
    INITIALIZING = 4
    READY = 5
    INSTATE = 6


_TRACKED = (
    FeatureStatus.KEEP,
    FeatureStatus.INITIALIZING,
    FeatureStatus.READY,
    FeatureStatus.INSTATE,
)


@dataclass(frozen=True, slots=True, eq=False)
class FeaturePacket:
    """The features of one image.

    Attributes:
        stamp_ns: its time, nanoseconds.
        world_from_camera: its pose; None where the file does not say.
        ids: (N,) int64, the same for a feature in all images.
        status: (N,) int64, numbers of :class:`FeatureStatus`.
        pixels: (N, 2) float64 x and y, pixels; NaN where the file does not say.
        depth: (N,) float64 metres by VIO; 0 where the file does not say.
    """

    stamp_ns: int
    world_from_camera: RigidTransform | None
    ids: npt.NDArray[np.int64]
    status: npt.NDArray[np.int64]
    pixels: npt.NDArray[np.float64]
    depth: npt.NDArray[np.float64]

    @property
    def usable(self) -> BoolArray:
        """(N,) bool: features that have a pixel and are tracked, not dropped or rejected."""
        return np.isin(self.status, _TRACKED) & np.isfinite(self.pixels).all(axis=1)


class VoidFeatures:
    """A file of packets, which are decoded when they are asked for.

    Args:
        path: the file; it is read whole.

    Raises:
        DataError: it is missing, too large, cut short or no such file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._packets: list[memoryview] = []
        self._camera = memoryview(b"")
        try:
            for field in wire_fields(memoryview(self._content())):
                if field.number == _CAMERA and field.kind == "bytes":
                    self._camera = field.data
                elif field.number == _PACKET and field.kind == "bytes":
                    self._packets.append(field.data)
        except WireError as error:
            raise DataError(
                f"{path} {error}; expected a dataset file of VOID's raw data"
            ) from error
        if not self._packets:
            raise DataError(f"{path} holds no packets; expected a dataset file of VOID's raw data")

    def __len__(self) -> int:
        return len(self._packets)

    @cached_property
    def size(self) -> tuple[int, int] | None:
        """(height, width) of the images, pixels; None where the file does not say."""
        numbers = {field.number: field.whole for field in self._fields(self._camera, "its camera")}
        rows, columns = numbers.get(1, 0), numbers.get(2, 0)
        return (rows, columns) if rows and columns else None

    @cached_property
    def stamps_ns(self) -> list[int]:
        """The time of each packet, nanoseconds.

        Raises:
            DataError: a packet is damaged.
        """
        return [self._stamp_ns(number) for number in range(len(self))]

    def packet(self, number: int) -> FeaturePacket:
        """Decode a packet.

        Raises:
            DataError: it is damaged.
        """
        where = f"packet {number}"
        pose: list[float] = []
        features: list[memoryview] = []
        try:
            for field in wire_fields(self._packets[number]):
                if field.number == _POSE:
                    pose += field.numbers(12)
                elif field.number == _FEATURE and field.kind == "bytes":
                    features.append(field.data)
            if len(features) > _MOST_FEATURES or len(pose) not in (0, 12):
                raise WireError(f"has {len(features)} features and a pose of {len(pose)} numbers")
            rows = [_feature(feature) for feature in features]
            transform = RigidTransform.from_matrix(np.reshape(pose, (3, 4))) if pose else None
        except ValueError as error:
            raise DataError(f"{self._path}, {where}: {error}") from error
        table = np.array(rows, dtype=np.float64).reshape(-1, 5)
        return FeaturePacket(
            stamp_ns=self.stamps_ns[number],
            world_from_camera=transform,
            ids=np.array([row[0] for row in rows], dtype=np.uint64).astype(np.int64),
            status=table[:, 1].astype(np.int64),
            pixels=table[:, 2:4],
            depth=table[:, 4],
        )

    def _stamp_ns(self, number: int) -> int:
        for field in self._fields(self._packets[number], f"packet {number}"):
            if field.number == _TIME:
                try:
                    return _nanoseconds(field)
                except WireError as error:
                    raise DataError(f"{self._path}, packet {number}: {error}") from error
        return 0

    def _fields(self, message: memoryview, where: str) -> list[WireField]:
        try:
            return list(wire_fields(message))
        except WireError as error:
            raise DataError(f"{self._path}, {where}: {error}") from error

    def _content(self) -> bytes:
        try:
            size = self._path.stat().st_size
            if size > _LARGEST_BYTES:
                raise DataError(
                    f"{self._path} has {size} bytes, more than any dataset file of VOID"
                )
            return self._path.read_bytes()
        except OSError as error:
            raise DataError(f"cannot read {self._path}: {error.strerror}") from error


def _feature(message: memoryview) -> tuple[int, int, float, float, float]:
    """Id, status, x, y and depth. What is zero may be left out of a message."""
    identity, status, depth = 0, 0, 0.0
    pixel: list[float] = []
    for field in wire_fields(message):
        if field.number == _ID:
            identity = field.whole
        elif field.number == _STATUS:
            status = field.whole
        elif field.number == _PIXEL:
            pixel += field.numbers(2)
        elif field.number == _DEPTH:
            (depth,) = field.numbers(1) or [0.0]
    x, y = pixel if len(pixel) == 2 else (float("nan"), float("nan"))
    is_depth = np.isfinite(depth) and depth > 0
    return identity, min(status, 2**31), x, y, depth if is_depth else 0.0


def _nanoseconds(field: WireField) -> int:
    """A time as seconds in floating point, or as a whole number in any usual unit."""
    if field.kind != "whole":
        (seconds,) = field.numbers(1) or [0.0]
        if not 0 <= seconds < 1e11:
            raise WireError(f"has the time {seconds:g}, expected seconds")
        return int(seconds) * _NANOSECONDS + round(seconds % 1 * _NANOSECONDS)
    return field.whole * next((to_ns for most, to_ns in _UNITS if field.whole > most), _NANOSECONDS)
