# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""compressedDepth and RVL against scalar twins, and against payloads that lie."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zlib
from array import array
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from depth_completion_core.codecs.compressed_depth import (
    decode_compressed_depth,
    encode_compressed_depth,
)
from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.rvl import decode_rvl, encode_rvl

UInt16Array = npt.NDArray[np.uint16]


def _nibbles_of(number: int) -> Iterator[int]:
    while number >= 8:
        yield number & 7 | 8
        number >>= 3
    yield number


def _rvl_twin(rows: list[list[int]]) -> bytes:
    pixels = [pixel for row in rows for pixel in row]
    nibbles: list[int] = []
    position, previous = 0, 0
    while position < len(pixels):
        end = position
        while end < len(pixels) and pixels[end] == 0:
            end += 1
        nibbles += _nibbles_of(end - position)
        position = end
        while end < len(pixels) and pixels[end] != 0:
            end += 1
        nibbles += _nibbles_of(end - position)
        for pixel in pixels[position:end]:
            difference = pixel - previous
            nibbles += _nibbles_of(2 * difference if difference >= 0 else -2 * difference - 1)
            previous = pixel
        position = end
    payload = struct.pack("<II", len(rows[0]), len(rows))
    for start in range(0, len(nibbles), 8):
        word = 0
        for nibble in (nibbles[start : start + 8] + [0] * 8)[:8]:
            word = word << 4 | nibble
        payload += struct.pack("<I", word)
    return payload


def _png_twin(rows: list[list[int]]) -> bytes:
    """A PNG of 16-bit grey, written by hand."""
    width = len(rows[0])
    lines = b"".join(b"\0" + struct.pack(f">{width}H", *row) for row in rows)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 16, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


_FILES = {"png": _png_twin, "rvl": _rvl_twin}
_ROWS = [[0, 0, 500, 65535, 1], [0, 2500, 2499, 0, 0], [7, 0, 7, 8, 0]]


def _message(text: str, payload: bytes, a: float = 0.0, b: float = 0.0) -> Any:  # noqa: ANN401
    return SimpleNamespace(format=text, data=array("B", struct.pack("<iff", 0, a, b) + payload))


@pytest.mark.parametrize(
    ("text", "compression"),
    [
        ("16UC1; compressedDepth png", "png"),
        ("16UC1; compressedDepth", "png"),
        ("16UC1", "png"),
        ("mono16; compressedDepth png", "png"),
        ("16UC1; compressedDepth rvl", "rvl"),
    ],
)
def test_millimetres(text: str, compression: str) -> None:
    message = _message(text, _FILES[compression](_ROWS))
    for _ in range(2):
        depth, valid = decode_compressed_depth(message)
        expected = np.array(_ROWS, np.float32) / 1000
        np.testing.assert_array_equal(depth, expected)
        np.testing.assert_array_equal(valid, expected > 0)


@pytest.mark.parametrize("text", ["32FC1; compressedDepth png", "32FC1; compressedDepth rvl"])
def test_quantised_inverse_depth(text: str) -> None:
    a, b = 10100.0, -1009.0
    message = _message(text, _FILES[text[-3:]](_ROWS), a, b)
    depth, valid = decode_compressed_depth(message)
    for y, row in enumerate(_ROWS):
        for x, number in enumerate(row):
            assert valid[y, x] == (number != 0)
            assert depth[y, x] == pytest.approx(a / (number - b) if number else 0.0, rel=1e-6)


def test_quanta_at_and_below_b_are_invalid() -> None:
    message = _message("32FC1; compressedDepth png", _png_twin([[4, 5, 6]]), 10.0, 5.0)
    depth, valid = decode_compressed_depth(message)
    assert valid.tolist() == [[False, False, True]]
    assert depth.tolist() == [[0, 0, 10]]


def test_png_of_the_plain_compressed_transport_has_no_header() -> None:
    message = SimpleNamespace(format="16UC1; png compressed ", data=_png_twin(_ROWS))
    depth, _ = decode_compressed_depth(message)
    np.testing.assert_array_equal(depth, np.array(_ROWS, np.float32) / 1000)


@pytest.mark.parametrize("compression", ["png", "rvl"])
def test_round_trip_of_millimetres(compression: str) -> None:
    depth = np.array([[1.234, 30.0, 65.535], [0.001, 70.0, 5.0]], np.float32)
    valid = np.array([[True, True, True], [True, True, False]])
    fields = encode_compressed_depth(depth, valid, "16UC1", compression)
    assert fields.format == f"16UC1; compressedDepth {compression}"
    decoded, decoded_valid = decode_compressed_depth(fields)
    assert decoded_valid.tolist() == [[True, True, True], [True, False, False]]
    np.testing.assert_array_equal(decoded, np.where(decoded_valid, depth, 0))


@pytest.mark.parametrize("compression", ["png", "rvl"])
def test_round_trip_of_quanta(compression: str) -> None:
    depth = np.linspace(0.05, 12.0, 480, dtype=np.float32).reshape(20, 24)
    valid = np.ones(depth.shape, np.bool_)
    valid[3] = False
    depth[5, :3] = np.nan, np.inf, -1
    fields = encode_compressed_depth(depth, valid, "32FC1", compression)
    _, a, b = struct.unpack("<iff", fields.data[:12].tobytes())
    assert (a, b) == (10100, -1009)
    decoded, decoded_valid = decode_compressed_depth(fields)
    expected_valid = valid & (depth >= a / (65535.4 - b)) & (depth <= 10.0)
    np.testing.assert_array_equal(decoded_valid, expected_valid)
    kept, original = decoded[decoded_valid], depth[decoded_valid]
    # Half a step of the scale: the derivative of a / (v - b) is depth^2 / a.
    assert (np.abs(kept - original) <= 0.51 * original**2 / a + 1e-6).all()


@pytest.mark.parametrize(
    "rows",
    [
        _ROWS,
        [[0]],
        [[1]],
        [[65535]],
        [[0] * 100] * 50,
        [[1, 0] * 9],
        [[0, 1] * 9],
        [[65535, 1] * 5],
        [[3] * 20, [0] * 20],
    ],
)
def test_rvl_against_the_twin(rows: list[list[int]]) -> None:
    image = np.array(rows, np.uint16)
    payload = encode_rvl(image)
    assert payload.tobytes() == _rvl_twin(rows)
    np.testing.assert_array_equal(decode_rvl(payload), image)


_SPARSE = st.one_of(st.just(0), st.integers(990, 1010), st.integers(0, 65535))


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.uint16, hnp.array_shapes(min_dims=2, max_dims=2), elements=_SPARSE))
def test_rvl_of_any_image(image: UInt16Array) -> None:
    payload = encode_rvl(image)
    assert payload.tobytes() == _rvl_twin(image.tolist())
    np.testing.assert_array_equal(decode_rvl(payload), image)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 30), st.integers(0, 30))
def test_rvl_of_noise_decodes_or_raises_codec_error(body: bytes, columns: int, rows: int) -> None:
    payload = np.frombuffer(struct.pack("<II", columns, rows) + body, np.uint8)
    with suppress(CodecError):
        assert decode_rvl(payload).shape == (rows, columns)


@pytest.mark.parametrize("size", [0, 7, 8, 12, 40])
def test_truncated_rvl(size: int) -> None:
    rows = [[1000 + 37 * ((x * y) % 11) for x in range(20)] for y in range(10)]
    payload = _rvl_twin(rows)
    with pytest.raises(CodecError, match="RVL"):
        decode_rvl(np.frombuffer(payload[:size], np.uint8))
    with pytest.raises(CodecError, match="truncated"):
        decode_rvl(np.frombuffer(payload[:-4], np.uint8))


@pytest.mark.parametrize(
    ("columns", "rows", "words"),
    [
        (2**32 - 1, 2**32 - 1, "claims 4294967295x4294967295"),
        (0, 5, "0x5"),
        (8192, 8192, "ends after"),
        (1, 1, "holds runs of"),
    ],
)
def test_rvl_that_lies_about_its_size(columns: int, rows: int, words: str) -> None:
    payload = struct.pack("<II", columns, rows) + _rvl_twin(_ROWS)[8:]
    started = time.perf_counter()
    with pytest.raises(CodecError, match=words):
        decode_rvl(np.frombuffer(payload, np.uint8))
    assert time.perf_counter() - started < 1.0


def test_rvl_with_megabytes_behind_its_pixels() -> None:
    payload = np.frombuffer(_rvl_twin(_ROWS) + bytes(10**7), np.uint8)
    tracemalloc.start()
    decoded = decode_rvl(payload)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 10**6
    np.testing.assert_array_equal(decoded, _ROWS)


def test_rvl_of_endless_number() -> None:
    payload = struct.pack("<II", 4, 4) + b"\xff" * 40 + b"\0" * 4
    with pytest.raises(CodecError, match="nibbles"):
        decode_rvl(np.frombuffer(payload, np.uint8))


@pytest.mark.parametrize(
    ("text", "data", "words"),
    [
        ("16UC1; compressedDepth png", b"", ["0 bytes", "12-byte"]),
        ("16UC1; compressedDepth png", bytes(12), ["12 bytes", "12-byte"]),
        ("16UC1; compressedDepth png", bytes(60), ["not a JPEG or PNG"]),
        ("16UC1; compressedDepth png", bytes(12) + _png_twin(_ROWS)[:-20], ["before the end"]),
        ("16UC1; compressedDepth rvl", bytes(12) + b"\1\0\0\0", ["4 bytes", "at least 8"]),
        ("32FC1; compressedDepth png", bytes(12) + _png_twin(_ROWS), ["A = 0", "header"]),
        ("32FC1; png compressed ", _png_twin(_ROWS), ["compressedDepth topic"]),
        ("16UC1; jpeg compressed ", b"\xff\xd8", ["'16UC1; jpeg compressed '", "JPEG"]),
        ("16UC1; compressedDepth zstd", bytes(60), ["compressedDepth rvl"]),
        ("rgb8; jpeg compressed bgr8", b"\xff\xd8", ["'rgb8'", "16UC1, mono16, 32FC1"]),
    ],
)
def test_what_cannot_be_decoded(text: str, data: bytes, words: list[str]) -> None:
    with pytest.raises(CodecError) as caught:
        decode_compressed_depth(SimpleNamespace(format=text, data=array("B", data)))
    for word in words:
        assert word in str(caught.value)


def test_colour_png_on_a_depth_topic() -> None:
    rows = [[1, 2], [3, 4]]
    grey8 = _png_twin(rows).replace(
        struct.pack(">IIBBBBB", 2, 2, 16, 0, 0, 0, 0), struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    )
    header = grey8[12:29]
    grey8 = grey8.replace(grey8[29:33], struct.pack(">I", zlib.crc32(header)))
    with pytest.raises(CodecError, match="one 16-bit channel"):
        decode_compressed_depth(_message("16UC1; compressedDepth", grey8))


@pytest.mark.parametrize(
    ("encoding", "compression", "words"),
    [("64FC1", "png", "16UC1, 32FC1"), ("16UC1", "jpeg", "the compression is 'jpeg'")],
)
def test_what_cannot_be_encoded(encoding: str, compression: str, words: str) -> None:
    with pytest.raises(CodecError, match=words):
        encode_compressed_depth(np.ones((2, 2)), np.ones((2, 2), bool), encoding, compression)


def test_rvl_with_runs_whose_lengths_take_six_nibbles() -> None:
    """More than 32767 pixels without a measurement, then as many that differ as much as can be."""
    image = np.zeros((280, 260), np.uint16)
    image.reshape(-1)[35_000:] = np.tile(np.array([1, 65535], np.uint16), 18_900)[: 72_800 - 35_000]
    payload = encode_rvl(image)
    assert payload.tobytes() == _rvl_twin(image.tolist())
    np.testing.assert_array_equal(decode_rvl(payload), image)
