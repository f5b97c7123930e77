# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Raw depth images against struct loops, with every special value of REP 117 and REP 118."""

from __future__ import annotations

import math
import struct
from array import array
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rosbags.typesys import Stores, get_typestore

from depth_completion_core.codecs.depth import decode_depth, encode_depth
from depth_completion_core.codecs.errors import CodecError

_TYPES = get_typestore(Stores.ROS2_HUMBLE).types
_CODES = {"16UC1": "H", "mono16": "H", "32FC1": "f", "64FC1": "d"}
_FLOATS = [1.0, 0.001, 65.535, 1e-30, 1e38, 0.0, -0.0, -2.5, math.nan, math.inf, -math.inf, 7.25]
_INTEGERS = [0, 1, 2, 999, 1000, 65534, 65535, 256, 1, 0, 40000, 12345]


def _message(
    values: list[Any], height: int, encoding: str, *, big: bool = False, padding: int = 0
) -> Any:  # noqa: ANN401
    width = len(values) // height
    payload = b""
    for start in range(0, len(values), width):
        row = values[start : start + width]
        payload += struct.pack(f"{'>' if big else '<'}{width}{_CODES[encoding]}", *row)
        payload += b"\x7f" * padding
    return SimpleNamespace(
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=big,
        step=len(payload) // height,
        data=array("B", payload),
    )


def _twin(values: list[Any], encoding: str) -> tuple[list[float], list[bool]]:
    metres = [value / 1000 if _CODES[encoding] == "H" else value for value in values]
    valid = [math.isfinite(depth) and depth > 0 for depth in metres]
    return [depth if ok else 0.0 for depth, ok in zip(metres, valid, strict=True)], valid


@pytest.mark.parametrize("encoding", ["16UC1", "mono16", "32FC1", "64FC1"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("padding", [0, 3])
def test_against_the_twin(encoding: str, big: bool, padding: int) -> None:
    values = _INTEGERS if _CODES[encoding] == "H" else _FLOATS
    message = _message(values, 3, encoding, big=big, padding=padding)
    expected, expected_valid = _twin(values, encoding)
    for _ in range(2):
        depth, valid = decode_depth(message)
        np.testing.assert_array_equal(depth, np.reshape(expected, (3, 4)).astype(np.float32))
        np.testing.assert_array_equal(valid, np.reshape(expected_valid, (3, 4)))
        assert depth.dtype == np.float32
        assert depth.flags.c_contiguous
        assert depth.flags.writeable


def test_doubles_that_no_float32_holds() -> None:
    depth, valid = decode_depth(_message([1e300, 1e-300, 2.0, 5e-324], 2, "64FC1"))
    assert valid.tolist() == [[False, False], [True, False]]
    assert depth.tolist() == [[0, 0], [2, 0]]


@given(
    st.lists(st.integers(0, 65535), min_size=1, max_size=40),
    st.sampled_from(["16UC1", "32FC1"]),
)
def test_round_trip_keeps_every_millimetre(values: list[int], encoding: str) -> None:
    depth = np.array([values], np.float32) / 1000
    valid = np.array([values]) > 0
    decoded, decoded_valid = decode_depth(encode_depth(depth, valid, encoding))
    np.testing.assert_array_equal(decoded, depth)
    np.testing.assert_array_equal(decoded_valid, valid)


def test_encoding_floats() -> None:
    depth = np.array([[1.5, 2.5], [np.nan, 3.5]], np.float32)
    valid = np.array([[True, False], [False, True]])
    fields = encode_depth(depth, valid)
    assert fields[:5] == (2, 2, "32FC1", 0, 8)
    numbers = struct.unpack("<4f", fields.data.tobytes())
    assert numbers[0] == 1.5
    assert numbers[3] == 3.5
    assert math.isnan(numbers[1])
    assert math.isnan(numbers[2])
    assert depth[0, 1] == 2.5


def test_encoding_millimetres() -> None:
    depth = np.array(
        [[1.0004, 1.0006, 65.535, 65.536], [1e38, np.nan, np.inf, -1], [0, 0.0004, 2, 3]],
        np.float32,
    )
    valid = np.ones((3, 4), np.bool_)
    valid[2, 3] = False
    fields = encode_depth(depth, valid, "16UC1")
    assert fields[:5] == (3, 4, "16UC1", 0, 8)
    numbers = struct.unpack("<12H", fields.data.tobytes())
    assert numbers == (1000, 1001, 65535, 0, 0, 0, 0, 0, 0, 0, 2000, 0)


def test_rosbags_message() -> None:
    stamp = _TYPES["builtin_interfaces/msg/Time"](sec=1, nanosec=2)
    header = _TYPES["std_msgs/msg/Header"](stamp=stamp, frame_id="camera")
    # One byte in, as a deserialised message may lie in its buffer.
    payload = b"\0" + struct.pack("<4f", 1, math.nan, 3, 4)
    image_type: Any = _TYPES["sensor_msgs/msg/Image"]
    message = image_type(
        header=header,
        height=2,
        width=2,
        encoding="32FC1",
        is_bigendian=0,
        step=8,
        data=np.frombuffer(payload, np.uint8)[1:],
    )
    depth, valid = decode_depth(message)
    assert depth.tolist() == [[1, 0], [3, 4]]
    assert valid.tolist() == [[True, False], [True, True]]
    assert message.data.tobytes() == payload[1:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"encoding": "rgb8"}, ["'rgb8'", "32FC1, 16UC1", "colour camera"]),
        ({"encoding": "32fc1"}, ["nearest: '32FC1'"]),
        ({"data": array("B", bytes(15))}, ["15 bytes", "16", "truncated"]),
        ({"step": 2}, ["step 2", "expected at least 2 x 4 = 8"]),
        ({"height": 0}, ["at least 1x1"]),
    ],
)
def test_what_cannot_be_decoded(change: dict[str, Any], words: list[str]) -> None:
    message = _message([1.0, 2.0, 3.0, 4.0], 2, "32FC1")
    vars(message).update(change)
    with pytest.raises(CodecError) as caught:
        decode_depth(message)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("depth", "valid"),
    [
        (np.zeros((2, 3)), np.zeros((3, 2), np.bool_)),
        (np.zeros(4), np.zeros(4, np.bool_)),
        (np.zeros((0, 4)), np.zeros((0, 4), np.bool_)),
    ],
)
def test_what_cannot_be_encoded(
    depth: npt.NDArray[np.float64], valid: npt.NDArray[np.bool_]
) -> None:
    with pytest.raises(CodecError, match="the same"):
        encode_depth(depth, valid)


def test_unknown_encoding_to_encode() -> None:
    with pytest.raises(CodecError, match="32FC1, 16UC1"):
        encode_depth(np.ones((1, 1)), np.ones((1, 1), np.bool_), "64FC1")
