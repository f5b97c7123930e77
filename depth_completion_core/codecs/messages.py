# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: D102 (the properties of the protocols are the documented fields of ROS messages)
"""What the codecs read of a ROS message, and its bytes as arrays.

Names and types follow ros2/common_interfaces, so messages of rclpy, of rosbags and the NamedTuples
that the encoders return all fit.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.errors import CodecError

UInt8Array = npt.NDArray[np.uint8]
MessageBytes: TypeAlias = "bytes | bytearray | memoryview | array[int] | UInt8Array"


class ImageMessage(Protocol):
    """sensor_msgs/Image."""

    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def encoding(self) -> str: ...
    @property
    def is_bigendian(self) -> int: ...
    @property
    def step(self) -> int: ...
    @property
    def data(self) -> MessageBytes: ...


class CompressedMessage(Protocol):
    """sensor_msgs/CompressedImage."""

    @property
    def format(self) -> str: ...
    @property
    def data(self) -> MessageBytes: ...


class PointFieldMessage(Protocol):
    """sensor_msgs/PointField."""

    @property
    def name(self) -> str: ...
    @property
    def offset(self) -> int: ...
    @property
    def datatype(self) -> int: ...


class PointCloudMessage(Protocol):
    """sensor_msgs/PointCloud2."""

    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def fields(self) -> Sequence[PointFieldMessage]: ...
    @property
    def is_bigendian(self) -> bool: ...
    @property
    def point_step(self) -> int: ...
    @property
    def row_step(self) -> int: ...
    @property
    def data(self) -> MessageBytes: ...


class PointListMessage(Protocol):
    """sensor_msgs/PointCloud, or the CustomMsg of Livox's drivers."""

    @property
    def header(self) -> Any: ...  # noqa: ANN401
    @property
    def points(self) -> Sequence[Any]: ...


class ImageFields(NamedTuple):
    """The fields of a sensor_msgs/Image, its header left out.

    Attributes:
        height: rows.
        width: columns.
        encoding: as in sensor_msgs/image_encodings.hpp.
        is_bigendian: always 0 from the encoders here.
        step: bytes from one row to the next.
        data: (height * step,) uint8; may share memory with the image that was encoded.
    """

    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: UInt8Array


class CompressedFields(NamedTuple):
    """The fields of a sensor_msgs/CompressedImage, its header left out.

    Attributes:
        format: such as "16UC1; compressedDepth png".
        data: (N,) uint8.
    """

    format: str
    data: UInt8Array


def byte_view(data: MessageBytes) -> UInt8Array:
    """(N,) uint8 view of a message's ``data``; no copy, read-only where the message is.

    Args:
        data: array.array, bytes or ndarray.

    Raises:
        CodecError: ``data`` is a list, which is not a buffer.
    """
    try:
        if len(data) == 0:
            return np.empty(0, np.uint8)
        return np.frombuffer(data, np.uint8)
    except (TypeError, ValueError, BufferError) as error:
        raise CodecError(
            f"the message's data is a {type(data).__name__}, expected contiguous bytes "
            f"(array.array, bytes or a uint8 array): {error}"
        ) from error


def pixel_rows(message: ImageMessage, bytes_per_pixel: int, rows: int = 0) -> UInt8Array:
    """(rows, width * bytes_per_pixel) uint8 view of an image, the padding of its rows cut off.

    Args:
        message: the image.
        bytes_per_pixel: of each row.
        rows: how many ``data`` holds, where its colours follow in rows of their own; 0 for as many
            as the image is high.

    Raises:
        CodecError: the image is empty, ``step`` is too small, or ``data`` has another length than
            ``rows * step``.
    """
    height, width, step = int(message.height), int(message.width), int(message.step)
    rows = rows or height
    found = f"the {message.encoding} image is {width}x{height} pixels"
    if height <= 0 or width <= 0:
        raise CodecError(f"{found}, expected at least 1x1; its driver publishes empty images")
    row_bytes = width * bytes_per_pixel
    if step < row_bytes:
        raise CodecError(
            f"{found} with step {step}, expected at least {width} x {bytes_per_pixel} = "
            f"{row_bytes}. The step counts bytes, not pixels: mend the node that fills the message"
        )
    data = byte_view(message.data)
    if data.size != rows * step:
        counted = "height" if rows == height else "rows"
        raise CodecError(
            f"{found} with {data.size} bytes of data, expected {counted} {rows} x step {step} = "
            f"{rows * step}. The message is truncated, or height, step or encoding are wrong"
        )
    return data.reshape(rows, step)[:, :row_bytes]
