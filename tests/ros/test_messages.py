# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of a real ROS 2 are decoded as those of a bag are; skipped where it is not sourced."""

from __future__ import annotations

import array
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.codecs import compressed_depth
from depth_completion_core.codecs import depth as depth_codec
from depth_completion_core.codecs import image as image_codec
from depth_completion_core.codecs.compressed_depth import decode_compressed_depth
from depth_completion_core.codecs.depth import decode_depth, encode_depth
from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.image import decode_compressed_image, decode_image, encode_image
from depth_completion_core.codecs.point_records import NUMPY_TYPES
from depth_completion_core.codecs.point_times import TIME_FIELDS, StampAt
from depth_completion_core.codecs.pointcloud import encode_points
from depth_completion_core.codecs.points import PointCloud, decode_points
from depth_completion_core.codecs.rvl import decode_rvl, encode_rvl
from depth_completion_core.codecs.transforms import add_stamped
from depth_completion_core.geometry.calibration import camera_from_info
from depth_completion_core.geometry.distortion import COEFFICIENT_COUNTS
from depth_completion_core.geometry.transform_buffer import TransformBuffer
from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.messages import (
    CAMERA_INFO,
    COMPRESSED_IMAGE,
    IMAGE,
    POINT_CLOUD,
    TF_MESSAGE,
    TYPESTORE,
    header,
    tf_message,
)

pytestmark = pytest.mark.ros
sensor_msgs: Any = pytest.importorskip("sensor_msgs.msg", reason="ROS 2 is not sourced")
rclpy_serialization: Any = pytest.importorskip("rclpy.serialization")
rosidl_utilities: Any = pytest.importorskip("rosidl_runtime_py.utilities")

AnyArray = npt.NDArray[Any]

_STAMP_NS = 1_700_000_000 * 10**9 + 123_456_789
_HEIGHT, _WIDTH = 6, 8  # even, and large enough for a mosaic


def _of_bag_and_of_rclpy(message: Any, msgtype: str) -> tuple[Any, Any]:  # noqa: ANN401
    """One message from the wire, as a bag's reader gives it and as a subscription does."""
    wire = bytes(TYPESTORE.serialize_cdr(message, msgtype))
    received = rclpy_serialization.deserialize_message(wire, rosidl_utilities.get_message(msgtype))
    return TYPESTORE.deserialize_cdr(wire, msgtype), received


def _assert_same_bits(actual: AnyArray | None, expected: AnyArray | None) -> None:
    if actual is None or expected is None:
        assert actual is expected
        return
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    assert actual.tobytes() == expected.tobytes()


def _random(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


# Images


def _image_message(encoding: str, rows: AnyArray, *, is_bigendian: bool, padding: int) -> Any:  # noqa: ANN401
    """An image of the bytes of its rows, (height, bytes), with padding behind each row."""
    noise = _random(9).integers(0, 256, (len(rows), padding), dtype=np.uint8)
    return TYPESTORE.types[IMAGE](
        header=header(_STAMP_NS, "camera"),
        height=_HEIGHT,
        width=_WIDTH,
        encoding=encoding,
        is_bigendian=int(is_bigendian),
        step=rows.shape[1] + padding,
        data=np.hstack([rows, noise]).reshape(-1),
    )


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("is_bigendian", [False, True])
@pytest.mark.parametrize("encoding", image_codec._LAYOUTS)
def test_images(encoding: str, is_bigendian: bool, padding: int) -> None:
    layout = image_codec._LAYOUTS[encoding]
    row_bytes = _WIDTH * layout.channels * layout.bytes_per_channel
    rows = _random(0).integers(0, 256, (_HEIGHT, row_bytes), dtype=np.uint8)
    message = _image_message(encoding, rows, is_bigendian=is_bigendian, padding=padding)
    of_bag, of_rclpy = _of_bag_and_of_rclpy(message, IMAGE)
    decoded = decode_image(of_rclpy)
    assert decoded.shape == (_HEIGHT, _WIDTH, 3)
    assert decoded.any()
    _assert_same_bits(decode_image(of_bag), decoded)


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("is_bigendian", [False, True])
@pytest.mark.parametrize("encoding", depth_codec._LAYOUTS)
def test_depth_images(encoding: str, is_bigendian: bool, padding: int) -> None:
    layout = depth_codec._LAYOUTS[encoding]
    dtype = np.dtype(layout.dtype)
    numbers = (_random(0).uniform(0.1, 60.0, (_HEIGHT, _WIDTH)) * layout.units_per_metre).astype(
        dtype
    )
    numbers[0, :2] = 0
    if dtype.kind == "f":
        numbers[1, :4] = np.nan, np.inf, -np.inf, -1.0
    rows = numbers.astype(dtype.newbyteorder(">" if is_bigendian else "<")).view(np.uint8)
    message = _image_message(encoding, rows, is_bigendian=is_bigendian, padding=padding)
    of_bag, of_rclpy = (decode_depth(one) for one in _of_bag_and_of_rclpy(message, IMAGE))
    _assert_same_bits(of_bag[0], of_rclpy[0])
    _assert_same_bits(of_bag[1], of_rclpy[1])
    expected = np.where(np.isfinite(numbers) & (numbers > 0), numbers, 0)
    np.testing.assert_allclose(of_rclpy[0], expected / layout.units_per_metre, rtol=1e-6)


def _compressed_message(text: str, file: AnyArray) -> Any:  # noqa: ANN401
    return TYPESTORE.types[COMPRESSED_IMAGE](
        header=header(_STAMP_NS, "camera"), format=text, data=file.reshape(-1)
    )


def _file(extension: str, pixels: AnyArray) -> AnyArray:
    is_written, file = cv2.imencode(extension, pixels)
    assert is_written
    return np.asarray(file, dtype=np.uint8)


_STORED = [
    (".jpg", np.uint8, 1),
    (".jpg", np.uint8, 3),
    *(
        (".png", dtype, n)
        for dtype in (np.uint8, np.uint16)
        for n in image_codec._FILE_CHANNELS_TO_RGB
    ),
]


@pytest.mark.parametrize(("extension", "dtype", "channels"), _STORED)
def test_compressed_images(
    extension: str, dtype: type[np.unsignedinteger[Any]], channels: int
) -> None:
    largest = np.iinfo(dtype).max
    pixels = _random(0).integers(0, largest, (_HEIGHT, _WIDTH, channels), dtype=dtype)
    text = f"bgr8; {extension[1:]} compressed bgr8"
    message = _compressed_message(text, _file(extension, pixels))
    of_bag, of_rclpy = _of_bag_and_of_rclpy(message, COMPRESSED_IMAGE)
    _assert_same_bits(decode_compressed_image(of_bag), decode_compressed_image(of_rclpy))


@pytest.mark.parametrize(
    "encoding", [name for name in image_codec._LAYOUTS if name.startswith("bayer_")]
)
def test_compressed_mosaics(encoding: str) -> None:
    dtype = np.uint8 if image_codec._LAYOUTS[encoding].bytes_per_channel == 1 else np.uint16
    mosaic = _random(0).integers(0, np.iinfo(dtype).max, (_HEIGHT, _WIDTH), dtype=dtype)
    message = _compressed_message(f"{encoding}; png compressed", _file(".png", mosaic))
    of_bag, of_rclpy = _of_bag_and_of_rclpy(message, COMPRESSED_IMAGE)
    decoded = decode_compressed_image(of_rclpy)
    assert np.ptp(decoded, axis=2).any(), "the mosaic stayed grey"
    _assert_same_bits(decode_compressed_image(of_bag), decoded)


# A transport that reads something new fails here until it is told how to write it.
_PAYLOADS: dict[Callable[..., Any], Callable[[npt.NDArray[np.uint16]], AnyArray]] = {
    compressed_depth._read_png: lambda numbers: _file(".png", numbers),
    decode_rvl: encode_rvl,
}


@pytest.mark.parametrize("transport", compressed_depth._TRANSPORTS)
@pytest.mark.parametrize("encoding", compressed_depth._TO_DEPTH)
def test_compressed_depth(encoding: str, transport: str) -> None:
    header_bytes, read = compressed_depth._TRANSPORTS[transport]
    numbers = _random(0).integers(0, 2**16, (_HEIGHT, _WIDTH), dtype=np.uint16)
    numbers[0, :3] = 0
    quantisation = struct.pack("<iff", 0, 10100.0, -1009.0)[:header_bytes]
    file = np.concatenate([np.frombuffer(quantisation, np.uint8), _PAYLOADS[read](numbers)])
    message = _compressed_message(f"{encoding}; {transport}".rstrip("; "), file)
    of_bag, of_rclpy = _of_bag_and_of_rclpy(message, COMPRESSED_IMAGE)
    if encoding == "32FC1" and header_bytes == 0:
        with pytest.raises(CodecError, match="cannot hold depth"):
            decode_compressed_depth(of_rclpy)
        return
    decoded, valid = decode_compressed_depth(of_rclpy)
    np.testing.assert_array_equal(valid, numbers > 0)
    _assert_same_bits(decode_compressed_depth(of_bag)[0], decoded)
    _assert_same_bits(decode_compressed_depth(of_bag)[1], valid)


# Clouds

_COUNT = 3 * 7
_FLOATS = [number for number, name in NUMPY_TYPES.items() if name.startswith("f")]
_OF_4_BYTES = [number for number, name in NUMPY_TYPES.items() if name.endswith("4")]


def _coordinates() -> dict[str, AnyArray]:
    """x, y and z of points of which some have no measurement."""
    xyz = _random(0).normal(scale=20.0, size=(_COUNT, 3))
    xyz[2] = np.nan
    xyz[5, 1] = np.inf
    xyz[11] = 0.0
    return dict(zip("xyz", xyz.T, strict=True))


def _cloud_message(
    columns: dict[str, tuple[int, AnyArray]],
    *,
    height: int = 1,
    is_bigendian: bool = False,
    gap: int = 0,
    padding: int = 0,
    is_dense: bool = False,
) -> Any:  # noqa: ANN401
    """A cloud of columns by name, each with its PointField datatype, with gaps between them."""
    order = ">" if is_bigendian else "<"
    fields, formats, offsets, end = [], [], [], gap
    for name, (datatype, _) in columns.items():
        field = TYPESTORE.types["sensor_msgs/msg/PointField"]
        fields.append(field(name=name, offset=end, datatype=datatype, count=1))
        formats.append(np.dtype(order + NUMPY_TYPES[datatype]))
        offsets.append(end)
        end += formats[-1].itemsize + gap
    point = np.dtype(
        {"names": list(columns), "formats": formats, "offsets": offsets, "itemsize": end}
    )
    width = _COUNT // height
    rows = _random(1).integers(0, 256, (height, width * end + padding), dtype=np.uint8)
    points = np.zeros(_COUNT, point)
    for name, (_, column) in columns.items():
        points[name] = column
    rows[:, : width * end] = points.view(np.uint8).reshape(height, -1)
    return TYPESTORE.types[POINT_CLOUD](
        header=header(_STAMP_NS, "lidar"),
        height=height,
        width=width,
        fields=fields,
        is_bigendian=is_bigendian,
        point_step=end,
        row_step=rows.shape[1],
        data=rows.reshape(-1),
        is_dense=is_dense,
    )


def _decoded_alike(message: Any, stamp_at: StampAt = "start") -> PointCloud:  # noqa: ANN401
    """The points of a cloud of rclpy, the same as those of a bag's."""
    of_bag, of_rclpy = (
        decode_points(one, stamp_at=stamp_at) for one in _of_bag_and_of_rclpy(message, POINT_CLOUD)
    )
    assert of_bag.dropped == of_rclpy.dropped
    for name in ("xyz", "time_offset_ns", "intensity", "rgb"):
        _assert_same_bits(getattr(of_bag, name), getattr(of_rclpy, name))
    return of_rclpy


@pytest.mark.parametrize("rows", [{"height": 1}, {"height": 3}, {"height": 3, "padding": 5}])
@pytest.mark.parametrize("gap", [0, 3])
@pytest.mark.parametrize("is_bigendian", [False, True])
@pytest.mark.parametrize("datatype", _FLOATS)
@pytest.mark.parametrize("order", ["xyz", "zyx"])
def test_coordinates(
    order: str, datatype: int, is_bigendian: bool, gap: int, rows: dict[str, int]
) -> None:
    coordinates = _coordinates()
    for is_dense in (False, True):  # a driver's word that is not relied on
        message = _cloud_message(
            {name: (datatype, coordinates[name]) for name in order},
            is_bigendian=is_bigendian,
            gap=gap,
            is_dense=is_dense,
            **rows,
        )
        cloud = _decoded_alike(message)
        assert cloud.dropped == 3
        measured = np.column_stack([coordinates[name] for name in "xyz"])[_measured()]
        np.testing.assert_array_equal(cloud.xyz, measured.astype(np.float32))


def _measured() -> npt.NDArray[np.bool_]:
    measured = np.ones(_COUNT, np.bool_)
    measured[[2, 5, 11]] = False
    return measured


def _xyz_columns() -> dict[str, tuple[int, AnyArray]]:
    return {name: (7, column) for name, column in _coordinates().items()}


@pytest.mark.parametrize("is_bigendian", [False, True])
@pytest.mark.parametrize("datatype", NUMPY_TYPES)
def test_intensities_and_fields_that_are_not_read(datatype: int, is_bigendian: bool) -> None:
    values = np.arange(_COUNT)
    columns = {"ring": (datatype, values), **_xyz_columns(), "intensity": (datatype, values)}
    cloud = _decoded_alike(_cloud_message(columns, is_bigendian=is_bigendian, gap=1))
    assert cloud.intensity is not None
    np.testing.assert_array_equal(cloud.intensity, values[_measured()])


@pytest.mark.parametrize("is_bigendian", [False, True])
@pytest.mark.parametrize("datatype", _OF_4_BYTES)
@pytest.mark.parametrize("field", ["rgb", "rgba"])
def test_packed_colours(field: str, datatype: int, is_bigendian: bool) -> None:
    rgba = _random(0).integers(0, 256, (_COUNT, 4), dtype=np.uint8)
    words = rgba.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1, 1 << 24], np.uint32)
    columns = {**_xyz_columns(), field: (datatype, words.view(NUMPY_TYPES[datatype]))}
    cloud = _decoded_alike(_cloud_message(columns, height=3, is_bigendian=is_bigendian))
    assert cloud.rgb is not None
    np.testing.assert_array_equal(cloud.rgb, rgba[_measured(), :3])


def _times(dtype: np.dtype[Any], offsets_ns: AnyArray) -> AnyArray:
    """What a type can hold: absolute in 8 bytes, seconds in a float, milliseconds in few bytes."""
    since_ns = offsets_ns + (_STAMP_NS if dtype.itemsize == 8 else 0)
    if dtype.kind == "f":
        return since_ns / 1e9
    return since_ns if dtype.itemsize >= 4 else since_ns // 10**6


@pytest.mark.parametrize("stamp_at", ["start", "end"])
@pytest.mark.parametrize("is_bigendian", [False, True])
@pytest.mark.parametrize("datatype", NUMPY_TYPES)
@pytest.mark.parametrize("field", TIME_FIELDS)
def test_times_of_points(field: str, datatype: int, is_bigendian: bool, stamp_at: StampAt) -> None:
    dtype = np.dtype(NUMPY_TYPES[datatype])
    offsets_ns = np.arange(_COUNT) * 5_000_000
    columns = {**_xyz_columns(), field: (datatype, _times(dtype, offsets_ns))}
    cloud = _decoded_alike(_cloud_message(columns, is_bigendian=is_bigendian, gap=2), stamp_at)
    assert cloud.time_offset_ns is not None
    is_moved = stamp_at == "end" and dtype.itemsize < 8
    expected = offsets_ns[_measured()] - (offsets_ns[_measured()].max() if is_moved else 0)
    np.testing.assert_allclose(cloud.time_offset_ns, expected, rtol=0, atol=250)


def test_clouds_without_points() -> None:
    for width, height in ((0, 1), (0, 0), (5, 0)):
        message = _cloud_message(_xyz_columns())
        message.width, message.height, message.data = width, height, np.empty(0, np.uint8)
        assert len(_decoded_alike(message).xyz) == 0


# Calibrations and transforms


def _camera_info_message(model: str, region: tuple[int, int, int, int], binning: int) -> Any:  # noqa: ANN401
    x_offset, y_offset, width, height = region
    rotation = RigidTransform.from_quaternion((0.01, -0.02, 0.03, 1.0), np.zeros(3)).rotation
    return TYPESTORE.types[CAMERA_INFO](
        header=header(_STAMP_NS, "camera"),
        height=480,
        width=640,
        distortion_model=model,
        d=_random(0).normal(scale=0.01, size=COEFFICIENT_COUNTS.get(model, 0)),
        k=np.array([500.1, 0, 319.7, 0, 499.9, 240.3, 0, 0, 1]),
        r=rotation.reshape(-1),
        p=np.array([510.0, 0, 320.0, -51.0, 0, 510.0, 240.0, 0, 0, 0, 1, 0]),
        binning_x=binning,
        binning_y=binning,
        roi=TYPESTORE.types["sensor_msgs/msg/RegionOfInterest"](
            x_offset=x_offset, y_offset=y_offset, height=height, width=width, do_rectify=True
        ),
    )


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("binning", [0, 2])
@pytest.mark.parametrize("region", [(0, 0, 0, 0), (16, 8, 320, 240)])
@pytest.mark.parametrize("model", ["", *COEFFICIENT_COUNTS])
def test_calibrations(
    model: str, region: tuple[int, int, int, int], binning: int, rectified: bool
) -> None:
    message = _camera_info_message(model, region, binning)
    of_bag, of_rclpy = (
        camera_from_info(one, rectified=rectified)
        for one in _of_bag_and_of_rclpy(message, CAMERA_INFO)
    )
    assert of_bag.camera == of_rclpy.camera
    _assert_same_bits(*(one.camera_from_frame.matrix for one in (of_bag, of_rclpy)))


@pytest.mark.parametrize("is_static", [False, True])
def test_transforms(is_static: bool) -> None:
    random = _random(0)
    buffers = TransformBuffer(), TransformBuffer()
    for i in range(5):
        edges = [
            (f"frame_{k}", f"frame_{k + 1}", RigidTransform.from_quaternion(*_pose(random)))
            for k in range(4)
        ]
        message = tf_message(edges, _STAMP_NS + i * 10**8)
        for buffer, one in zip(buffers, _of_bag_and_of_rclpy(message, TF_MESSAGE), strict=True):
            for item in one.transforms:
                add_stamped(buffer, item, is_static=is_static)
    assert buffers[0].edges == buffers[1].edges
    for after_ns in (0, 1, 70_000_001, 4 * 10**8):
        at_ns = _STAMP_NS + after_ns
        _assert_same_bits(*(b.lookup("frame_4", "frame_0", at_ns).matrix for b in buffers))


def _pose(random: np.random.Generator) -> tuple[AnyArray, AnyArray]:
    return random.normal(size=4), random.normal(size=3)


# What cannot be decoded


def _refusal(decode: Callable[[Any], object], message: Any) -> str:  # noqa: ANN401
    with pytest.raises(CodecError) as caught:
        decode(message)
    return str(caught.value)


@pytest.mark.parametrize(
    "change", [{"encoding": "rgb7"}, {"step": 7}, {"height": 0}, {"data": np.zeros(11, np.uint8)}]
)
@pytest.mark.parametrize("decode", [decode_image, decode_depth])
def test_images_are_refused_alike(
    decode: Callable[[Any], object], change: dict[str, object]
) -> None:
    rows = np.zeros((_HEIGHT, 2 * _WIDTH), np.uint8)
    message = _image_message("16UC1", rows, is_bigendian=False, padding=0)
    for name, value in change.items():
        setattr(message, name, value)
    of_bag, of_rclpy = _of_bag_and_of_rclpy(message, IMAGE)
    assert _refusal(decode, of_bag) == _refusal(decode, of_rclpy)


@pytest.mark.parametrize("change", [{"fields": []}, {"point_step": 0}, {"width": 22}])
def test_clouds_are_refused_alike(change: dict[str, object]) -> None:
    message = _cloud_message(_xyz_columns())
    for name, value in change.items():
        setattr(message, name, value)
    of_bag, of_rclpy = _of_bag_and_of_rclpy(message, POINT_CLOUD)
    assert _refusal(decode_points, of_bag) == _refusal(decode_points, of_rclpy)


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_files_that_are_cut_short_are_refused_alike(share: float) -> None:
    file = _file(".png", np.zeros((_HEIGHT, _WIDTH), np.uint16))
    for text, decode in (
        ("mono16; png compressed", decode_compressed_image),
        ("16UC1; png compressed", decode_compressed_depth),
    ):
        message = _compressed_message(text, file[: int(share * len(file))])
        of_bag, of_rclpy = _of_bag_and_of_rclpy(message, COMPRESSED_IMAGE)
        assert _refusal(decode, of_bag) == _refusal(decode, of_rclpy)


# What is encoded


def _filled(message: Any, fields: Any) -> Any:  # noqa: ANN401 - generated classes
    for name, value in fields._asdict().items():
        if name == "data":
            message.data = array.array("B", value.tobytes())
        elif name == "fields":
            message.fields = [
                sensor_msgs.PointField(
                    name=item.name, offset=item.offset, datatype=item.datatype, count=item.count
                )
                for item in value
            ]
        else:
            setattr(message, name, value)
    return message


def test_image_round_trip() -> None:
    image = np.random.default_rng(0).integers(0, 255, (12, 17, 3), dtype=np.uint8)
    message = _filled(sensor_msgs.Image(), encode_image(image, "bgr8"))
    np.testing.assert_array_equal(decode_image(message), image)


@pytest.mark.parametrize("encoding", ["32FC1", "16UC1"])
def test_depth_round_trip(encoding: str) -> None:
    depth = np.random.default_rng(0).integers(0, 5000, (8, 9)).astype(np.float32) / 1000
    message = _filled(sensor_msgs.Image(), encode_depth(depth, depth > 0, encoding))
    decoded, valid = decode_depth(message)
    np.testing.assert_allclose(decoded, depth, atol=1e-6)
    np.testing.assert_array_equal(valid, depth > 0)


def test_cloud_round_trip() -> None:
    xyz = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    extra: dict[str, Any] = {
        "ring": np.arange(50, dtype=np.uint16),
        "t": np.arange(50, dtype=np.uint32) * 2_000_000,
    }
    cloud = decode_points(_filled(sensor_msgs.PointCloud2(), encode_points(xyz, extra=extra)))
    np.testing.assert_array_equal(cloud.xyz, xyz)
    assert cloud.time_offset_ns is not None
    assert cloud.time_offset_ns.tolist() == extra["t"].tolist()


def test_status_message(tmp_path: Path) -> None:
    """In a process of its own: the sources here would hide the package that colcon installed."""
    program = (
        "from depth_completion_ros.msg import CompletionStatus as Status\n"
        "print(list(Status(drop_reasons=['stale'], drop_counts=[3]).drop_counts))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "No module named 'depth_completion_ros" in done.stderr:
        pytest.skip("the package is not built and sourced")
    assert done.stdout.strip() == "[3]", done.stderr
