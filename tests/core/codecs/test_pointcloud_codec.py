# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Point clouds of every layout against struct loops."""

from __future__ import annotations

import math
import struct
from array import array
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosbags.typesys import Stores, get_typestore

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.point_times import SweepDurations
from depth_completion_core.codecs.pointcloud import (
    XYZ_FIELDS,
    XYZRGB_FIELDS,
    PointCloudFields,
    PointFieldSpec,
    encode_points,
)
from depth_completion_core.codecs.points import decode_points

_TYPES = get_typestore(Stores.ROS2_HUMBLE).types
_CODES = {2: "B", 4: "H", 6: "I", 7: "f", 8: "d"}


@dataclass(frozen=True)
class _Layout:
    fields: tuple[PointFieldSpec, ...]
    point_step: int
    row_padding: int
    big: bool


def _header() -> Any:  # noqa: ANN401
    stamp = _TYPES["builtin_interfaces/msg/Time"](sec=100, nanosec=5)
    return _TYPES["std_msgs/msg/Header"](stamp=stamp, frame_id="lidar")


def _packed(points: list[dict[str, Any]], height: int, layout: _Layout) -> Any:  # noqa: ANN401
    """A cloud written number by number, as rclpy gives it."""
    width = len(points) // height
    row_step = width * layout.point_step + layout.row_padding
    data = bytearray(b"\xee" * (height * row_step))
    for i, point in enumerate(points):
        start = (i // width) * row_step + (i % width) * layout.point_step
        for field in layout.fields:
            code = (">" if layout.big else "<") + _CODES[field.datatype]
            struct.pack_into(code, data, start + field.offset, point[field.name])
    return SimpleNamespace(
        header=_header(),
        height=height,
        width=width,
        fields=list(layout.fields),
        is_bigendian=layout.big,
        point_step=layout.point_step,
        row_step=row_step,
        data=array("B", bytes(data)),
        is_dense=True,
    )


def _rosbags_message(fields: PointCloudFields) -> Any:  # noqa: ANN401
    field_type: Any = _TYPES["sensor_msgs/msg/PointField"]
    cloud_type: Any = _TYPES["sensor_msgs/msg/PointCloud2"]
    changed = {
        "fields": [field_type(**asdict(field)) for field in fields.fields],
        "data": np.frombuffer(fields.data.tobytes(), np.uint8),
    }
    return cloud_type(header=_header(), **{**fields._asdict(), **changed})


@st.composite
def _layouts(draw: st.DrawFn) -> _Layout:
    xyz_type = draw(st.sampled_from([7, 8]))
    types = {
        "x": xyz_type,
        "y": xyz_type,
        "z": xyz_type,
        "intensity": draw(st.sampled_from([2, 7])),
    }
    types |= {"ring": 4, "t": 6}
    gaps = st.integers(0, 5)
    offset, fields = draw(gaps), []
    for name in draw(st.permutations(sorted(types))):
        fields.append(PointFieldSpec(name, offset, types[name]))
        offset += struct.calcsize(_CODES[types[name]]) + draw(gaps)
    return _Layout(tuple(fields), offset, draw(st.integers(0, 7)), draw(st.booleans()))


_COORDINATES = st.one_of(
    st.floats(-200, 200, width=32), st.sampled_from([math.nan, math.inf, -math.inf, 0.0])
)
_POINTS = st.fixed_dictionaries(
    {
        **dict.fromkeys("xyz", _COORDINATES),
        "intensity": st.integers(0, 255),
        "ring": st.integers(0, 65535),
        "t": st.integers(0, 10**8),
    }
)


@settings(max_examples=150, deadline=None)
@given(_layouts(), st.integers(1, 3), st.data())
def test_any_layout(layout: _Layout, height: int, data: st.DataObject) -> None:
    width = data.draw(st.integers(1, 4))
    points = data.draw(st.lists(_POINTS, min_size=height * width, max_size=height * width))
    message = _packed(points, height, layout)
    before = message.data.tobytes()
    measured = [
        point
        for point in points
        if all(math.isfinite(point[axis]) for axis in "xyz") and any(point[a] for a in "xyz")
    ]
    for _ in range(2):
        cloud = decode_points(message)
        expected = [[point[axis] for axis in "xyz"] for point in measured]
        np.testing.assert_array_equal(cloud.xyz, np.reshape(expected, (-1, 3)).astype(np.float32))
        assert cloud.xyz.dtype == np.float32
        assert cloud.xyz.flags.c_contiguous
        assert cloud.dropped == len(points) - len(measured)
        assert cloud.intensity is not None
        assert cloud.intensity.tolist() == [point["intensity"] for point in measured]
        assert cloud.rgb is None
        times = [point["t"] for point in measured]
        if max(times, default=0) - min(times, default=0) >= SweepDurations().shortest_ns:
            assert cloud.time_offset_ns is not None
            assert cloud.time_offset_ns.tolist() == times
    assert message.data.tobytes() == before


def _xyz(*shape: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(1).normal(scale=20, size=(*shape, 3)).astype(np.float32)


@pytest.mark.parametrize("shape", [(5,), (2, 3), (1, 1), (0,), (0, 4)])
def test_round_trip_xyz(shape: tuple[int, ...]) -> None:
    xyz = _xyz(*shape)
    fields = encode_points(xyz)
    assert (fields.height, fields.width) == (shape if len(shape) == 2 else (1, shape[0]))
    assert (fields.point_step, fields.row_step) == (12, 12 * fields.width)
    assert fields.fields == XYZ_FIELDS
    assert fields.is_dense
    for message in (fields, _rosbags_message(fields)):
        np.testing.assert_array_equal(decode_points(message).xyz, xyz.reshape(-1, 3))


@pytest.mark.parametrize("shape", [(5,), (2, 3), (0,)])
@pytest.mark.parametrize("with_ring", [False, True])
def test_round_trip_xyzrgb(shape: tuple[int, ...], with_ring: bool) -> None:
    xyz = _xyz(*shape)
    rgb = np.random.default_rng(2).integers(0, 256, xyz.shape, dtype=np.uint8)
    extra = {"ring": np.arange(len(rgb.reshape(-1, 3)), dtype=np.uint16).reshape(shape)}
    fields = encode_points(xyz, rgb, extra if with_ring else None)
    assert fields.fields[:4] == XYZRGB_FIELDS
    cloud = decode_points(_rosbags_message(fields))
    np.testing.assert_array_equal(cloud.xyz, xyz.reshape(-1, 3))
    if xyz.size:
        assert cloud.rgb is not None
        np.testing.assert_array_equal(cloud.rgb, rgb.reshape(-1, 3))


def test_bytes_of_an_xyzrgb_point() -> None:
    fields = encode_points(np.array([[1, 2, 3]]), np.array([[0x11, 0x22, 0x33]], np.uint8))
    assert fields.data.tobytes() == struct.pack("<fffI", 1, 2, 3, 0x00112233)


def test_many_points_cross_the_blocks() -> None:
    xyz = _xyz(300, 500)
    xyz[7, 8] = np.nan
    rgb = np.random.default_rng(3).integers(0, 256, xyz.shape, dtype=np.uint8)
    fields = encode_points(xyz[:, ::2], rgb[:, ::2])
    assert not fields.is_dense
    packed = fields.data.view("<f4").reshape(300, 250, 4)
    np.testing.assert_array_equal(packed[..., :3], xyz[:, ::2])
    bits = packed.view("<u4")[..., 3]
    np.testing.assert_array_equal(bits >> 16, rgb[:, ::2, 0])
    np.testing.assert_array_equal(bits >> 8 & 255, rgb[:, ::2, 1])
    np.testing.assert_array_equal(bits & 255, rgb[:, ::2, 2])


def test_extra_fields() -> None:
    xyz = _xyz(2, 2)
    extra: dict[str, npt.NDArray[Any]] = {
        "ring": np.array([[1, 2], [3, 4]], np.uint16),
        "intensity": np.array([[0.5, 1.5], [2.5, 3.5]], np.float32),
        "timestamp": np.array([[100, 100.1], [100.05, 100.02]]),
    }
    fields = encode_points(xyz, extra=extra)
    assert [(field.name, field.offset, field.datatype) for field in fields.fields[3:]] == [
        ("ring", 12, 4),
        ("intensity", 16, 7),
        ("timestamp", 24, 8),
    ]
    assert fields.point_step == 32
    numbers = struct.unpack_from("<fffHxxfxxxxd", fields.data.tobytes(), 32)
    assert numbers == (*xyz[0, 1].tolist(), 2, 1.5, 100.1)
    cloud = decode_points(_rosbags_message(fields))
    assert cloud.intensity is not None
    assert cloud.intensity.tolist() == [0.5, 1.5, 2.5, 3.5]
    assert cloud.time_offset_ns is not None
    np.testing.assert_allclose(
        cloud.time_offset_ns, [-5, 99_999_995, 49_999_995, 19_999_995], atol=20
    )


def test_tight_cloud_is_a_view() -> None:
    message = _rosbags_message(encode_points(_xyz(6)))
    cloud = decode_points(message)
    assert np.shares_memory(cloud.xyz, message.data)
    assert not cloud.xyz.flags.writeable


def test_misaligned_data_is_copied() -> None:
    xyz = _xyz(6)
    message = _rosbags_message(encode_points(xyz))
    message.data = np.frombuffer(b"\0" + message.data.tobytes(), np.uint8)[1:]
    cloud = decode_points(message)
    assert cloud.xyz.flags.aligned
    np.testing.assert_array_equal(cloud.xyz, xyz)


def test_doubles_that_no_float32_holds_are_dropped() -> None:
    fields = tuple(PointFieldSpec(name, 8 * i, 8) for i, name in enumerate("xyz"))
    points = [{"x": 1e300, "y": 0.0, "z": 0.0}, {"x": 1.0, "y": 2.0, "z": 3.0}]
    cloud = decode_points(_packed(points, 1, _Layout(fields, 24, 0, False)))
    assert cloud.xyz.tolist() == [[1, 2, 3]]
    assert cloud.dropped == 1


def test_all_points_dropped() -> None:
    xyz = np.full((3, 3), np.nan, np.float32)
    cloud = decode_points(encode_points(xyz, extra={"t": np.zeros(3, np.uint32)}))
    assert cloud.xyz.shape == (0, 3)
    assert cloud.dropped == 3
    assert cloud.time_offset_ns is None


def test_only_row_may_leave_row_step_at_zero() -> None:
    xyz = _xyz(4)
    np.testing.assert_array_equal(decode_points(encode_points(xyz)._replace(row_step=0)).xyz, xyz)


def test_first_of_two_fields_of_one_name() -> None:
    fields = (*XYZ_FIELDS, PointFieldSpec("x", 0, 2), PointFieldSpec("", 0, 99))
    xyz = _xyz(4)
    message = encode_points(xyz)._replace(fields=fields)
    np.testing.assert_array_equal(decode_points(message).xyz, xyz)


def test_default_message_is_an_empty_cloud() -> None:
    message = encode_points(_xyz(0))._replace(fields=(), point_step=0, width=0, height=0)
    cloud = decode_points(message)
    assert cloud.xyz.shape == (0, 3)
    assert cloud.dropped == 0


@pytest.mark.parametrize("offset", [-1, 9])
def test_a_field_one_byte_outside_of_its_point_is_refused(offset: int) -> None:
    """The last byte that fits is the twelfth."""
    fields = (*XYZ_FIELDS[:2], PointFieldSpec("z", offset, 7))
    with pytest.raises(CodecError, match=rf"'z' covers bytes {offset} to {offset + 4} of each"):
        decode_points(encode_points(_xyz(4))._replace(fields=fields))
