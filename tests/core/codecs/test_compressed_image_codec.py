# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compressed images: files written by OpenCV, cut short, or no images at all."""

from __future__ import annotations

import struct
import zlib
from array import array
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from rosbags.typesys import Stores, get_typestore

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.image import decode_compressed_image

_TYPES = get_typestore(Stores.ROS2_HUMBLE).types


def _rgb() -> npt.NDArray[np.uint8]:
    y, x = np.mgrid[:24, :32]
    return np.stack([220 - 4 * x, 40 + 6 * y, 30 + x + y], axis=-1).astype(np.uint8)


def _file(extension: str, stored: npt.NDArray[Any]) -> bytes:
    is_written, file = cv2.imencode(extension, stored)
    assert is_written
    return bytes(file.tobytes())


def _png(pixels: npt.NDArray[np.uint8], claimed: tuple[int, int] | None = None) -> bytes:
    """A PNG of 8-bit RGB, written by hand; it can claim another (width, height)."""
    height, width = pixels.shape[:2]
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", *(claimed or (width, height)), 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def _message(file: bytes, text: str) -> Any:  # noqa: ANN401
    return SimpleNamespace(format=text, data=array("B", file))


@pytest.mark.parametrize(
    "text", ["png", "rgb8; png compressed bgr8", "bgr8; png compressed bgr8", "", "rgb8; png"]
)
def test_the_file_alone_decides_the_colours(text: str) -> None:
    rgb = _rgb()
    np.testing.assert_array_equal(decode_compressed_image(_message(_png(rgb), text)), rgb)


def test_jpeg() -> None:
    rgb = _rgb()
    file = _file(".jpg", rgb[..., ::-1])
    decoded = decode_compressed_image(_message(file, "rgb8; jpeg compressed bgr8"))
    assert np.abs(decoded.astype(int) - rgb).max() <= 8
    assert decoded.flags.c_contiguous


@pytest.mark.parametrize(
    ("channels", "dtype"), [(1, np.uint8), (1, np.uint16), (3, np.uint16), (4, np.uint8)]
)
def test_other_pngs(channels: int, dtype: type[np.unsignedinteger[Any]]) -> None:
    rgb = _rgb()
    stored = np.dstack([rgb[..., ::-1], rgb[..., 0]])[..., :channels].astype(dtype)
    expected = rgb if channels > 1 else np.repeat(rgb[..., 2:], 3, axis=2)
    if dtype == np.uint16:
        stored = stored << 8 | 0x42
    decoded = decode_compressed_image(_message(_file(".png", stored), "png"))
    np.testing.assert_array_equal(decoded, expected)
    assert decoded.dtype == np.uint8


@pytest.mark.parametrize("channels", [1, 4])
def test_png_of_a_12_bit_camera_is_not_dark(channels: int) -> None:
    stored = np.full((4, 4, channels), 4080, np.uint16)
    stored[..., 3:] = 65535
    message = _message(_file(".png", stored), "mono16; png compressed mono16")
    assert (decode_compressed_image(message) == 255).all()


def test_stored_mosaic_gets_its_colours_back() -> None:
    mosaic = np.zeros((8, 8), np.uint8)
    mosaic[0::2, 0::2], mosaic[1::2, 1::2] = 200, 50
    mosaic[0::2, 1::2] = mosaic[1::2, 0::2] = 100
    message = _message(_file(".png", mosaic), "bayer_rggb8; png compressed ")
    assert decode_compressed_image(message)[4, 4].tolist() == [200, 100, 50]


def test_rosbags_message_twice() -> None:
    stamp = _TYPES["builtin_interfaces/msg/Time"](sec=1, nanosec=2)
    header = _TYPES["std_msgs/msg/Header"](stamp=stamp, frame_id="camera")
    data = np.frombuffer(_png(_rgb()), np.uint8)
    compressed_type: Any = _TYPES["sensor_msgs/msg/CompressedImage"]
    message = compressed_type(header=header, format="png", data=data)
    np.testing.assert_array_equal(decode_compressed_image(message), _rgb())
    np.testing.assert_array_equal(decode_compressed_image(message), _rgb())


@pytest.mark.parametrize("extension", [".jpg", ".png"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_cut_short(extension: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    file = _file(extension, noise)
    with pytest.raises(CodecError, match="before the end of the file"):
        decode_compressed_image(_message(file[: int(len(file) * share)], "jpeg"))


@pytest.mark.parametrize("claimed", [(100_000, 100_000), (0, 4)])
def test_absurd_size(claimed: tuple[int, int]) -> None:
    with pytest.raises(CodecError, match=f"{claimed[0]}x{claimed[1]} pixels"):
        decode_compressed_image(_message(_png(_rgb(), claimed), "png"))


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (b"", "jpeg", ["0 bytes", "camera driver"]),
        (b"\0\0\0\1\x67\x42\0\x1f", "h264", ["not a JPEG or PNG", "H.264"]),
        (b"hello", "jpeg", ["5 bytes", "hello"]),
        (b"\0" * 40, "16UC1; compressedDepth png", ["depth image", "/compressed topic"]),
    ],
)
def test_what_cannot_be_decoded(file: bytes, text: str, words: list[str]) -> None:
    with pytest.raises(CodecError) as caught:
        decode_compressed_image(_message(file, text))
    for word in words:
        assert word in str(caught.value)


def test_corrupt_body() -> None:
    file = bytearray(_png(_rgb()))
    file[50:60] = b"\xff" * 10
    with pytest.raises(CodecError):
        decode_compressed_image(_message(bytes(file), "png"))
