# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The bytes of a sensor_msgs/PointCloud2 as columns, one strided view per field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.messages import (
    PointCloudMessage,
    PointFieldMessage,
    UInt8Array,
    byte_view,
)

NUMPY_TYPES: dict[int, str] = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    8: "f8",
    9: "i8",
    10: "u8",
    11: "u1",
}
"""sensor_msgs/PointField datatype -> numpy. PCL has long used 9 to 11 (int64, uint64, bool)."""


@dataclass(frozen=True, slots=True, eq=False)
class PointRecords:
    """A PointCloud2 whose sizes agree with each other.

    Attributes:
        height: rows; 1 for a cloud without order.
        width: points per row.
        point_step: bytes from one point to the next.
        row_step: bytes from one row to the next.
        byte_order: < or >, as numpy writes it.
        fields: by name; of several fields of one name the first.
        data: (N,) uint8, not changed.
    """

    height: int
    width: int
    point_step: int
    row_step: int
    byte_order: str
    fields: dict[str, PointFieldMessage]
    data: UInt8Array

    @classmethod
    def from_message(cls, message: PointCloudMessage) -> PointRecords:
        """Check the sizes of a cloud with at least one point.

        Raises:
            CodecError: sizes that contradict each other, or fields outside of the points.
        """
        height, width = int(message.height), int(message.width)
        point_step, row_step = int(message.point_step), int(message.row_step)
        found = f"the cloud is {width}x{height} points"
        if point_step <= 0:
            raise CodecError(
                f"{found} with point_step {point_step}, expected the bytes of one point. "
                "Mend the node that fills the message"
            )
        row_bytes = width * point_step
        if height == 1:
            # Nothing follows the only row, and some drivers leave its row_step at 0.
            row_step = max(row_step, row_bytes)
        if row_step < row_bytes:
            raise CodecError(
                f"{found} with row_step {row_step}, expected at least {width} x point_step "
                f"{point_step} = {row_bytes}. Mend the node that fills the message"
            )
        data = byte_view(message.data)
        if data.size < height * row_step:
            raise CodecError(
                f"{found} with {data.size} bytes of data, expected height {height} x row_step "
                f"{row_step} = {height * row_step}. The message is truncated; check the network "
                "and the driver"
            )
        fields: dict[str, PointFieldMessage] = {}
        for field in message.fields:
            _check_inside(field, point_step)
            fields.setdefault(field.name, field)
        byte_order = ">" if message.is_bigendian else "<"
        return cls(height, width, point_step, row_step, byte_order, fields, data)

    @property
    def count(self) -> int:
        """Number of points."""
        return self.height * self.width

    def dtype(self, name: str) -> np.dtype[Any]:
        """Numpy dtype of a field, byte order included.

        Raises:
            CodecError: no such field, or of no known datatype.
        """
        field = self.fields.get(name)
        if field is None:
            raise CodecError(
                f"the cloud has no field '{name}'; its fields are {self._listed_fields()}. "
                "Check that the topic is the lidar's point cloud"
            )
        if field.datatype not in NUMPY_TYPES:
            raise CodecError(
                f"field '{name}' has datatype {field.datatype}, expected 1 to {max(NUMPY_TYPES)} "
                "(sensor_msgs/PointField)"
            )
        return np.dtype(self.byte_order + NUMPY_TYPES[field.datatype])

    def column(self, name: str, dtype: np.dtype[Any] | None = None) -> npt.NDArray[Any]:
        """(count,) of one field; a view unless rows are padded.

        Args:
            name: of the field.
            dtype: to reinterpret its bytes, instead of the field's own.

        Raises:
            CodecError: as for :meth:`dtype`.
        """
        dtype = self.dtype(name) if dtype is None else dtype
        column: npt.NDArray[Any] = self._strided(self.fields[name].offset, dtype, ())
        return column.reshape(-1)

    def rows_of_three(self, name: str) -> npt.NDArray[Any]:
        """(height, width, 3) view of a field and the two of its type that follow it."""
        return self._strided(self.fields[name].offset, self.dtype(name), (3,))

    def _strided(
        self, offset: int, dtype: np.dtype[Any], inner: tuple[int, ...]
    ) -> npt.NDArray[Any]:
        view: npt.NDArray[Any] = np.ndarray(
            (self.height, self.width, *inner),
            dtype,
            buffer=self.data,
            offset=offset,
            strides=(self.row_step, self.point_step, *(dtype.itemsize for _ in inner)),
        )
        return view

    def _listed_fields(self) -> str:
        names = ", ".join(f"'{name}'" for name in self.fields)
        return names or "none at all"


def _check_inside(field: PointFieldMessage, point_step: int) -> None:
    size = np.dtype(NUMPY_TYPES.get(field.datatype, "u1")).itemsize
    if field.offset < 0 or field.offset + size > point_step:
        raise CodecError(
            f"field '{field.name}' covers bytes {field.offset} to {field.offset + size} of each "
            f"point, expected to end within point_step {point_step}. Mend the node that fills the "
            "message"
        )
