# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The compressedDepth transport of image_transport (sensor_msgs/CompressedImage) <-> metres.

A 12-byte header (int32 kind, float32 A, float32 B, little-endian) precedes a PNG file or an RVL
payload of uint16. For 16UC1 these are millimetres; for 32FC1 they are quantised inverse depths v,
``depth = A / (v - B)``, v = 0 meaning none. Source of the layout: ros-perception/
image_transport_plugins, compressed_depth_image_transport.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.depth import (
    DepthAndValid,
    checked_depth,
    millimetres,
    split_invalid,
)
from depth_completion_core.codecs.errors import CodecError, unknown_encoding
from depth_completion_core.codecs.image_files import decode_file
from depth_completion_core.codecs.messages import (
    CompressedFields,
    CompressedMessage,
    UInt8Array,
    byte_view,
)
from depth_completion_core.codecs.rvl import decode_rvl, encode_rvl
from depth_completion_core.geometry.arrays import UInt16Array

_HEADER = struct.Struct("<iff")
_INVERSE_DEPTH_KIND = 0
_LARGEST_QUANTUM = np.iinfo(np.uint16).max


def decode_compressed_depth(message: CompressedMessage) -> DepthAndValid:
    """A compressedDepth message in metres, and where it was measured.

    Also reads 16UC1 PNGs of the plain ``compressed`` transport, which have no header.

    Returns:
        depth (height, width) float32 metres, 0 where invalid; valid (height, width) bool.

    Raises:
        CodecError: unknown format, truncated or corrupt payload.
    """
    encoding, _, rest = message.format.partition(";")
    to_depth = _TO_DEPTH.get(encoding.strip())
    transport = _TRANSPORTS.get(rest.strip())
    if to_depth is None:
        raise unknown_encoding(
            encoding.strip(), _TO_DEPTH, f"The format string is '{message.format}'"
        )
    if transport is None or (transport.header_bytes == 0 and encoding.strip() == "32FC1"):
        raise CodecError(
            f"format is '{message.format}', expected '{encoding.strip()}; compressedDepth png' or "
            "'... compressedDepth rvl'. Subscribe to the camera's .../compressedDepth topic; JPEG "
            "and video cannot hold depth"
        )
    data = byte_view(message.data)
    if data.size <= transport.header_bytes:
        raise CodecError(
            f"the compressed depth image has {data.size} bytes, expected a {_HEADER.size}-byte "
            "header and an image after it; check the publisher and the network"
        )
    numbers = transport.read(data[transport.header_bytes :])
    return to_depth(numbers, data[: transport.header_bytes])


def encode_compressed_depth(
    depth: npt.ArrayLike,
    valid: npt.ArrayLike,
    encoding: str = "16UC1",
    compression: str = "png",
    *,
    depth_max: float = 10.0,
    depth_quantization: float = 100.0,
    png_level: int = 1,
) -> CompressedFields:
    """The fields of a compressedDepth message.

    Args:
        depth: (height, width) metres; not read where invalid.
        valid: (height, width) bool.
        encoding: 16UC1 (lossless to the millimetre, up to 65.535 m) or 32FC1 (quantised).
        compression: png or rvl.
        depth_max: metres, 32FC1 only: deeper pixels become invalid, as do those nearer than the
            scale can hold (0.15 m with the defaults).
        depth_quantization: 32FC1 only: near this depth in metres a step of the scale is 1 m, at a
            tenth of it a hundredth of that.
        png_level: 0 (fast) to 9 (small).

    Raises:
        CodecError: another encoding or compression, or shapes that differ.
    """
    metres, mask = checked_depth(depth, valid)
    if encoding == "16UC1":
        numbers, a, b = millimetres(metres, mask), 0.0, 0.0
    elif encoding == "32FC1":
        a = depth_quantization * (depth_quantization + 1.0)
        b = 1.0 - a / depth_max
        numbers = _quantised(metres, mask & (metres > 0) & (metres <= depth_max), a, b)
    else:
        raise unknown_encoding(encoding, ("16UC1", "32FC1"), "Choose one to publish depth")
    if compression == "png":
        payload = _write_png(numbers, png_level)
    elif compression == "rvl":
        payload = encode_rvl(numbers)
    else:
        raise unknown_encoding(compression, ("png", "rvl"), "Choose one", "compression")
    header = np.frombuffer(_HEADER.pack(_INVERSE_DEPTH_KIND, a, b), np.uint8)
    return CompressedFields(
        f"{encoding}; compressedDepth {compression}", np.concatenate([header, payload])
    )


def _quantised(
    depth: npt.NDArray[np.float32], valid: npt.NDArray[np.bool_], a: float, b: float
) -> UInt16Array:
    inverse = a / np.where(valid, depth, np.float32(1)).astype(np.float64)
    quanta = np.rint(inverse + b)
    fits = valid & (quanta >= 1) & (quanta <= _LARGEST_QUANTUM)
    return np.where(fits, quanta, 0).astype(np.uint16)


def _depth_of_millimetres(numbers: UInt16Array, header: UInt8Array) -> DepthAndValid:
    return split_invalid(numbers, 1000)


def _depth_of_quanta(numbers: UInt16Array, header: UInt8Array) -> DepthAndValid:
    _, a, b = _HEADER.unpack(header.tobytes())
    if not (np.isfinite(a) and np.isfinite(b) and a > 0):
        raise CodecError(
            f"the compressed depth image has quantisation A = {a:g}, B = {b:g}, expected finite "
            "numbers with A > 0. The 12-byte header is missing or corrupt; check the publisher"
        )
    with np.errstate(all="ignore"):
        depth = np.float32(a) / (numbers.astype(np.float32) - np.float32(b))
    depth[numbers == 0] = 0
    return split_invalid(depth, 1)


def _read_png(payload: UInt8Array) -> UInt16Array:
    stored = decode_file(payload, "the compressed depth image")
    if stored.dtype != np.uint16 or stored.ndim != 2:
        raise CodecError(
            f"the compressed depth image holds {stored.dtype} of shape {stored.shape}, expected "
            "one 16-bit channel. A colour image was published on the depth topic"
        )
    return stored.astype(np.uint16, copy=False)


def _write_png(numbers: UInt16Array, png_level: int) -> UInt8Array:
    is_written, file = cv2.imencode(".png", numbers, [cv2.IMWRITE_PNG_COMPRESSION, png_level])
    if not is_written:
        raise CodecError(f"OpenCV cannot write a PNG of shape {numbers.shape}")
    return np.asarray(file, dtype=np.uint8).reshape(-1)


class _Transport(NamedTuple):
    header_bytes: int
    read: Callable[[UInt8Array], UInt16Array]


# Publishers from before RVL name no compression, or no transport at all, and mean PNG.
_TRANSPORTS: dict[str, _Transport] = {
    "": _Transport(_HEADER.size, _read_png),
    "compressedDepth": _Transport(_HEADER.size, _read_png),
    "compressedDepth png": _Transport(_HEADER.size, _read_png),
    "compressedDepth rvl": _Transport(_HEADER.size, decode_rvl),
    "png compressed": _Transport(0, _read_png),
}

_TO_DEPTH: dict[str, Callable[[UInt16Array, UInt8Array], DepthAndValid]] = {
    "16UC1": _depth_of_millimetres,
    "mono16": _depth_of_millimetres,
    "32FC1": _depth_of_quanta,
}
