# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images of every encoding against mosaics and packings written here pixel by pixel."""

from __future__ import annotations

from array import array
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from rosbags.typesys import Stores, get_typestore

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.image import decode_image, encode_image
from depth_completion_core.codecs.messages import ImageFields
from depth_completion_core.images.used_bits import UsedBits

UInt8Array = npt.NDArray[np.uint8]

_TYPES = get_typestore(Stores.ROS2_HUMBLE).types
_ORDERS = {"rgb": (0, 1, 2), "bgr": (2, 1, 0)}


def _gradient(height: int = 6, width: int = 8) -> UInt8Array:
    """Colours that are linear in the position, so that bilinear demosaicing restores them."""
    y, x = np.mgrid[:height, :width]
    return np.stack([200 - 4 * x, 60 + 6 * y, 20 + 2 * x + 2 * y], axis=-1).astype(np.uint8)


def _message(
    payload: bytes, height: int, width: int, encoding: str, *, step: int = 0, big: bool = False
) -> Any:  # noqa: ANN401
    """As rclpy gives it."""
    return SimpleNamespace(
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=int(big),
        step=step or len(payload) // height,
        data=array("B", payload),
    )


def _rosbags_message(fields: ImageFields) -> Any:  # noqa: ANN401
    stamp = _TYPES["builtin_interfaces/msg/Time"](sec=1, nanosec=2)
    header = _TYPES["std_msgs/msg/Header"](stamp=stamp, frame_id="camera")
    data = np.frombuffer(fields.data.tobytes(), np.uint8)
    return _TYPES["sensor_msgs/msg/Image"](header=header, **{**fields._asdict(), "data": data})


def _padded(payload: bytes, height: int, padding: int) -> bytes:
    row = len(payload) // height
    return b"".join(
        payload[start : start + row] + b"\xa5" * padding for start in range(0, len(payload), row)
    )


def _mosaic(rgb: UInt8Array, pattern: str) -> UInt8Array:
    """``pattern`` names the colours of the upper left 2x2 pixels, row by row, as in ROS."""
    mosaic = np.empty(rgb.shape[:2], np.uint8)
    for y in range(rgb.shape[0]):
        for x in range(rgb.shape[1]):
            mosaic[y, x] = rgb[y, x, "rgb".index(pattern[2 * (y % 2) + x % 2])]
    return mosaic


def _yuv(rgb: UInt8Array) -> tuple[int, int, int]:
    """ITU-R BT.601, limited range."""
    r, g, b = (float(channel) / 255 for channel in rgb)
    luma = 16 + 65.481 * r + 128.553 * g + 24.966 * b
    blue = 128 - 37.797 * r - 74.203 * g + 112.0 * b
    red = 128 + 112.0 * r - 93.786 * g - 18.214 * b
    return round(luma), round(blue), round(red)


def _packed_yuv(rgb: UInt8Array, order: str) -> bytes:
    packed = bytearray()
    for row in rgb:
        for left, right in zip(row[0::2], row[1::2], strict=True):
            y0, u, v = _yuv(left)
            y1 = _yuv(right)[0]
            packed += bytes((u, y0, v, y1) if order == "uyvy" else (y0, u, y1, v))
    return bytes(packed)


def _planar_yuv(rgb: UInt8Array, order: str) -> bytes:
    """Four pixels share the colour of the one that is top left."""
    luma = bytes(_yuv(pixel)[0] for row in rgb for pixel in row)
    colours = bytearray()
    for row in rgb[::2]:
        for pixel in row[::2]:
            _, u, v = _yuv(pixel)
            colours += bytes((u, v) if order == "nv12" else (v, u))
    return luma + bytes(colours)


@pytest.mark.parametrize("encoding", ["nv12", "nv21"])
@pytest.mark.parametrize("padding", [0, 4])
def test_planes_of_brightness_and_colour(encoding: str, padding: int) -> None:
    rgb = np.repeat(np.repeat(_gradient(3, 4), 2, axis=0), 2, axis=1)
    payload = _padded(_planar_yuv(rgb, encoding), 9, padding)
    decoded = decode_image(_message(payload, 6, 8, encoding, step=8 + padding))
    assert decoded.shape == (6, 8, 3)
    assert np.abs(decoded.astype(int) - rgb).max() <= 3


@pytest.mark.parametrize(
    ("height", "width", "length", "words"),
    [(6, 8, 71, "expected rows 9 x step 8 = 72"), (5, 8, 64, "expected even numbers")],
)
def test_planes_that_are_not_whole(height: int, width: int, length: int, words: str) -> None:
    with pytest.raises(CodecError, match=words):
        decode_image(_message(b"0" * length, height, width, "nv12", step=8))


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "rgba8", "bgra8"])
@pytest.mark.parametrize("padding", [0, 5])
def test_colour_round_trip(encoding: str, padding: int) -> None:
    rgb = _gradient()
    fields = encode_image(rgb, encoding)
    assert fields.step == 8 * len(encoding[:-1])
    payload = _padded(fields.data.tobytes(), 6, padding)
    decoded = decode_image(_message(payload, 6, 8, encoding))
    np.testing.assert_array_equal(decoded, rgb)
    assert decoded.flags.c_contiguous
    assert decoded.dtype == np.uint8


def test_encoded_bytes_are_in_the_order_of_the_name() -> None:
    pixel = np.array([[[1, 2, 3]]], np.uint8)
    assert encode_image(pixel, "rgb8").data.tolist() == [1, 2, 3]
    assert encode_image(pixel, "bgr8").data.tolist() == [3, 2, 1]
    assert encode_image(pixel, "rgba8").data.tolist() == [1, 2, 3, 255]
    assert encode_image(pixel, "bgra8").data.tolist() == [3, 2, 1, 255]
    assert encode_image(pixel[..., 0], "bgra8").data.tolist() == [1, 1, 1, 255]
    assert encode_image(pixel[..., 0], "mono8").data.tolist() == [1]


def test_grey_of_rgb_is_bt601_luma() -> None:
    rgb = _gradient()
    grey = encode_image(rgb, "mono8").data.reshape(6, 8)
    expected = rgb @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey - expected).max() <= 0.51


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_grey_is_repeated(encoding: str) -> None:
    grey = _gradient()[..., 0]
    decoded = decode_image(_message(_padded(grey.tobytes(), 6, 3), 6, 8, encoding))
    np.testing.assert_array_equal(decoded, np.repeat(grey[..., None], 3, axis=2))


@pytest.mark.parametrize(("encoding", "channels"), [("8UC3", 3), ("8UC4", 4)])
def test_abstract_types_are_bgr(encoding: str, channels: int) -> None:
    rgb = _gradient()
    stored = np.full((6, 8, channels), 7, np.uint8)
    stored[..., :3] = rgb[..., ::-1]
    np.testing.assert_array_equal(decode_image(_message(stored.tobytes(), 6, 8, encoding)), rgb)


@pytest.mark.parametrize("encoding", ["mono16", "16UC1"])
@pytest.mark.parametrize("big", [False, True])
def test_16_bit_grey_keeps_the_high_byte(encoding: str, big: bool) -> None:
    values = np.array([[0, 255, 256], [0x1234, 0xFF00, 0xFFFF]])
    payload = _padded(values.astype(">u2" if big else "<u2").tobytes(), 2, 2)
    decoded = decode_image(_message(payload, 2, 3, encoding, big=big))
    assert decoded[..., 1].tolist() == [[0, 0, 1], [0x12, 0xFF, 0xFF]]


def _grey(numbers: list[int]) -> Any:  # noqa: ANN401
    return _message(np.array([numbers], "<u2").tobytes(), 1, len(numbers), "mono16")


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("encoding", ["mono16", "rgb16", "bgra16", "bayer_grbg16"])
def test_a_camera_of_fewer_bits_is_not_dark(encoding: str, big: bool, bits: int) -> None:
    """As the same camera's image of 8 bits, whatever the alpha."""
    channels = {"mono16": 1, "rgb16": 3, "bgra16": 4, "bayer_grbg16": 1}[encoding]
    of_8 = np.random.default_rng(bits).integers(0, 256, (6, 8 * channels), dtype=np.uint8)
    of_8[0, 0] = 255
    wide = of_8.astype(np.uint16) << (bits - 8)
    if channels == 4:
        wide[:, 3::4] = 65535
    payload = wide.astype(">u2" if big else "<u2").tobytes()
    decoded = decode_image(_message(payload, 6, 8, encoding, big=big))
    expected = decode_image(_message(of_8.tobytes(), 6, 8, encoding.replace("16", "8")))
    np.testing.assert_array_equal(decoded, expected)


def test_brightness_does_not_follow_the_brightest_pixel_of_each_image() -> None:
    bits = UsedBits()
    shown = [
        decode_image(_grey([largest, 800]), bits)[0, 1, 0] for largest in (900, 4095, 900, 1, 4000)
    ]
    assert shown == [200, 50, 50, 50, 50]  # once, when the first image tells too little


def test_the_bits_that_are_used_are_said() -> None:
    bits = UsedBits()
    assert bits.note == ""
    decode_image(_grey([4000]), bits)
    assert "12 bits" in bits.note
    decode_image(_grey([65000]), bits)
    assert bits.note == bits.white_note == ""


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
def test_hot_pixels_do_not_darken_an_image(bits: int) -> None:
    """Half a per cent of them, as a line that is no picture; they are white, and counted."""
    of_8 = np.random.default_rng(bits).integers(0, 256, (200, 10), dtype=np.uint8)
    of_8[0, 0] = 255
    wide = of_8.astype("<u2") << (bits - 8)
    used, hot = UsedBits(), wide.copy()
    hot[17] = (65535, 65534, 30000, 1 << 15, (1 << bits), *([65535] * 5))
    for count, image in ((0, wide), (10, hot), (10, wide), (10, hot)):
        shown = decode_image(_message(image.tobytes(), 200, 10, "mono16"), used)[..., 0]
        expected = of_8.copy()
        if image is hot:
            expected[17] = 255
        np.testing.assert_array_equal(shown, expected)
        assert used.bits == bits
        assert used.white == count
        told = f"up to {count} numbers of an image are larger than {bits} bits hold"
        assert (told in used.white_note) == (count > 0)


def test_more_than_a_few_large_numbers_are_a_picture() -> None:
    used, image = UsedBits(), np.full((200, 10), 1000, "<u2")
    image.flat[:11] = 40000
    shown = decode_image(_message(image.tobytes(), 200, 10, "mono16"), used)
    assert (used.bits, used.note, used.white_note) == (16, "", "")
    assert shown[0, 0, 0] == 40000 >> 8


@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize("big", [False, True])
def test_16_bit_colour(order: str, big: bool) -> None:
    rgb = _gradient()
    wide = (rgb[..., _ORDERS[order]].astype(np.uint16) << 8 | 0x5A).astype(">u2" if big else "<u2")
    message = _message(wide.tobytes(), 6, 8, f"{order}16", big=big)
    np.testing.assert_array_equal(decode_image(message), rgb)


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("big", [False, True])
def test_bayer_restores_a_gradient(pattern: str, bits: int, big: bool) -> None:
    rgb = _gradient(10, 12)
    mosaic: npt.NDArray[Any] = _mosaic(rgb, pattern)
    if bits == 16:
        mosaic = (mosaic.astype(np.uint16) << 8).astype(">u2" if big else "<u2")
    payload = _padded(mosaic.tobytes(), 10, 4)
    decoded = decode_image(_message(payload, 10, 12, f"bayer_{pattern}{bits}", big=big))
    inside = np.s_[2:-2, 2:-2]
    assert np.abs(decoded[inside].astype(int) - rgb[inside]).max() <= 1


def test_bayer_too_small_to_interpolate() -> None:
    with pytest.raises(CodecError, match="at least 3x3"):
        decode_image(_message(bytes(4), 2, 2, "bayer_rggb8"))


@pytest.mark.parametrize(
    ("encoding", "order"),
    [("yuv422", "uyvy"), ("uyvy", "uyvy"), ("yuv422_yuy2", "yuyv"), ("yuyv", "yuyv")],
)
def test_yuv422(encoding: str, order: str) -> None:
    rgb = np.repeat(_gradient(4, 4), 2, axis=1)
    payload = _padded(_packed_yuv(rgb, order), 4, 6)
    decoded = decode_image(_message(payload, 4, 8, encoding))
    assert np.abs(decoded.astype(int) - rgb).max() <= 3


def test_yuv422_of_odd_width() -> None:
    with pytest.raises(CodecError, match="even width"):
        decode_image(_message(bytes(12), 2, 3, "uyvy"))


def test_tight_rgb8_is_a_view() -> None:
    fields = encode_image(_gradient(), "rgb8")
    message = _rosbags_message(fields)
    decoded = decode_image(message)
    assert np.shares_memory(decoded, message.data)
    assert not decoded.flags.writeable


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "rgba8", "bgra8", "mono8"])
def test_rosbags_message_is_not_modified(encoding: str) -> None:
    message = _rosbags_message(encode_image(_gradient(), encoding))
    before = message.data.tobytes()
    first = decode_image(message).copy()
    np.testing.assert_array_equal(decode_image(message), first)
    assert message.data.tobytes() == before
    assert not message.data.flags.writeable


def test_encoding_a_slice_of_an_image() -> None:
    rgb = _gradient()
    fields = encode_image(rgb[::2, 1:5], "rgb8")
    np.testing.assert_array_equal(decode_image(fields), rgb[::2, 1:5])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": array("B", bytes(71))}, ["71 bytes", "72", "truncated"]),
        ({"data": array("B", bytes(73))}, ["73 bytes", "72"]),
        ({"data": array("B")}, ["0 bytes"]),
        ({"data": [0] * 72}, ["list", "expected contiguous bytes"]),
        ({"step": 8}, ["step 8", "24", "counts bytes"]),
        ({"width": 0}, ["0x3", "at least 1x1"]),
        ({"height": 0}, ["8x0", "at least 1x1"]),
        ({"encoding": "RGB8"}, ["'RGB8'", "nearest: 'rgb8'"]),
        ({"encoding": "bayer_rgbg8"}, ["nearest: 'bayer_", "yuv422"]),
        ({"encoding": "32FC1"}, ["'32FC1'", "rgb8", "depth image"]),
        ({"encoding": ""}, ["''", "expected one of"]),
    ],
)
def test_what_cannot_be_decoded(change: dict[str, Any], words: list[str]) -> None:
    message = _message(bytes(72), 3, 8, "rgb8")
    vars(message).update(change)
    with pytest.raises(CodecError) as caught:
        decode_image(message)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "image", [np.zeros((2, 2, 4), np.uint8), np.zeros((2, 2)), np.zeros((0, 3), np.uint8)]
)
def test_what_cannot_be_encoded(image: npt.NDArray[Any]) -> None:
    with pytest.raises(CodecError, match="expected uint8"):
        encode_image(image)


def test_unknown_encoding_to_encode() -> None:
    with pytest.raises(CodecError, match="nearest: 'rgb8'"):
        encode_image(_gradient(), "rgb88")
