# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is published, as cv_bridge and sensor_msgs_py read it; what they write, as core reads it."""

from __future__ import annotations

import array
import tracemalloc
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.codecs import image as image_codec
from depth_completion_core.codecs.camera_info import encode_camera_info
from depth_completion_core.codecs.depth import decode_depth, encode_depth
from depth_completion_core.codecs.image import decode_image, encode_image
from depth_completion_core.codecs.messages import ImageFields
from depth_completion_core.codecs.point_records import NUMPY_TYPES
from depth_completion_core.codecs.pointcloud import PointCloudFields, encode_points
from depth_completion_core.codecs.points import decode_points
from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.config import CloudConfig
from depth_completion_core.frame import DepthPrediction, Frame, SparseDepth
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.output_topics import (
    OUTPUT_TOPICS,
    CompletedFrame,
    Fields,
    OutputTopic,
)
from depth_completion_core.sensing.placed_frame import PlacedFrame
from rosbag_tools.messages import (
    CAMERA_INFO,
    IMAGE,
    POINT_CLOUD,
    TYPESTORE,
    camera_info_message,
    cloud_message,
    image_message,
)

pytestmark = pytest.mark.ros
sensor_msgs: Any = pytest.importorskip("sensor_msgs.msg", reason="ROS 2 is not sourced")
point_cloud2: Any = pytest.importorskip("sensor_msgs_py.point_cloud2")
# Of ROS's own Python, which may hold a NumPy that its cv_bridge was not built for.
pytest.importorskip("cv_bridge.boost.cv_bridge_boost", exc_type=ImportError)

from cv_bridge import CvBridge  # noqa: E402
from rclpy.serialization import deserialize_message, serialize_message  # noqa: E402

from depth_completion_ros.conversions import (  # noqa: E402
    header,
    message_class,
    message_of,
)

AnyArray = npt.NDArray[Any]
Float32Array = npt.NDArray[np.float32]
UInt8Array = npt.NDArray[np.uint8]

_STAMP_NS = 1_700_000_000 * 10**9 + 123_456_789
_HEIGHT, _WIDTH = 6, 8
_CAMERA = CameraModel(fx=7.0, fy=7.5, cx=3.75, cy=2.5, width=_WIDTH, height=_HEIGHT)
_BRIDGE = CvBridge()


def _random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _published(fields: Fields) -> Any:  # noqa: ANN401 - generated classes
    """The message of these fields as a subscriber gets it."""
    message = message_of(fields, _STAMP_NS, "camera")
    received = deserialize_message(serialize_message(message), type(message))
    assert received == message
    assert stamp_ns_of(received) == _STAMP_NS
    assert received.header.frame_id == "camera"
    return received


def _depth_and_valid() -> tuple[Float32Array, npt.NDArray[np.bool_]]:
    depth = _random().uniform(0.3, 60.0, (_HEIGHT, _WIDTH)).astype(np.float32)
    valid = _random(1).random((_HEIGHT, _WIDTH)) < 0.7
    depth[0, :3], valid[0, :3] = (65.535, 65.536, 1000.0), True
    depth[1, :3], valid[1, :3] = (np.nan, np.inf, -1.0), False
    return depth, valid


def _picture() -> UInt8Array:
    return _random(2).integers(0, 256, (_HEIGHT, _WIDTH, 3), dtype=np.uint8)


# Images that go out


def test_metres_as_cv_bridge_reads_them() -> None:
    depth, valid = _depth_and_valid()
    read = _BRIDGE.imgmsg_to_cv2(_published(encode_depth(depth, valid, "32FC1")), "passthrough")
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, np.where(valid, depth, np.nan))


def test_millimetres_as_cv_bridge_reads_them() -> None:
    depth, valid = _depth_and_valid()
    read = _BRIDGE.imgmsg_to_cv2(_published(encode_depth(depth, valid, "16UC1")), "passthrough")
    assert read.dtype == np.uint16
    assert read[0, :3].tolist() == [65535, 0, 0]
    fits = valid & (depth < 65.5355)
    np.testing.assert_array_equal(read > 0, fits)
    np.testing.assert_allclose(read[fits] / 1000.0, depth[fits], rtol=0, atol=0.5001e-3)


@pytest.mark.parametrize("encoding", [name for name in image_codec._RGB_TO if name != "mono8"])
def test_pictures_as_cv_bridge_reads_them(encoding: str) -> None:
    message = _published(encode_image(_picture(), encoding))
    channels = _BRIDGE.imgmsg_to_cv2(message, "passthrough")
    order = ["rgba".index(colour) for colour in encoding[:3]]
    np.testing.assert_array_equal(channels[..., :3], _picture()[..., order])
    assert (channels[..., 3:] == 255).all()
    np.testing.assert_array_equal(_BRIDGE.imgmsg_to_cv2(message, "rgb8"), _picture())


@pytest.mark.parametrize("encoding", image_codec._GRAY_TO)
def test_grey_pictures_as_cv_bridge_reads_them(encoding: str) -> None:
    grey = _picture()[..., 0]
    message = _published(encode_image(grey, encoding))
    np.testing.assert_array_equal(_BRIDGE.imgmsg_to_cv2(message, "mono8"), grey)


def test_grey_of_colours_is_cv_bridges() -> None:
    read = _BRIDGE.imgmsg_to_cv2(_published(encode_image(_picture(), "mono8")), "passthrough")
    of_rgb = _BRIDGE.imgmsg_to_cv2(_BRIDGE.cv2_to_imgmsg(_picture(), "rgb8"), "mono8")
    np.testing.assert_array_equal(read, of_rgb)


# Clouds that go out


def _read(message: Any) -> AnyArray:  # noqa: ANN401
    """(height, width) records; read_points would itself reshape to (width, height)."""
    points: AnyArray = point_cloud2.read_points(message)
    return points.reshape(message.height, message.width)


def _xyz_of(points: AnyArray) -> Float32Array:
    return np.stack([points[axis] for axis in "xyz"], axis=-1)


def _rgb_of(points: AnyArray) -> UInt8Array:
    """The colours in the bits of a float32: blue in the lowest byte."""
    bgr0 = np.ascontiguousarray(points["rgb"]).view(np.uint8).reshape(*points.shape, 4)
    assert not bgr0[..., 3].any(), "an alpha of 255 makes NaN of the float, which readers skip"
    return bgr0[..., 2::-1]


@pytest.mark.parametrize("shape", [(11,), (3, 5), (1, 4), (4, 1), (0,)])
def test_clouds_as_sensor_msgs_py_reads_them(shape: tuple[int, ...]) -> None:
    xyz = _random().normal(scale=20.0, size=(*shape, 3)).astype(np.float32)
    rgb = _random(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    extra = {
        f"extra_{name}": _random(2).integers(0, 100, shape).astype(name)
        for name in dict.fromkeys(NUMPY_TYPES[number] for number in range(1, 9))
    }
    message = _published(encode_points(xyz, rgb, extra))
    points = _read(message)
    assert message.is_dense
    assert points.shape == (shape if len(shape) == 2 else (1, *shape))
    np.testing.assert_array_equal(_xyz_of(points).reshape(xyz.shape), xyz)
    np.testing.assert_array_equal(_rgb_of(points).reshape(rgb.shape), rgb)
    for name, column in extra.items():
        assert points[name].dtype == column.dtype
        np.testing.assert_array_equal(points[name].reshape(shape), column)


def test_a_cloud_with_a_nan_is_not_dense() -> None:
    xyz = _random().normal(size=(5, 3)).astype(np.float32)
    xyz[2, 1] = np.nan
    message = _published(encode_points(xyz))
    assert not message.is_dense
    read = point_cloud2.read_points(message, skip_nans=True)
    np.testing.assert_array_equal(_xyz_of(read), np.delete(xyz, 2, axis=0))


# What a completed frame becomes


def _completed(*, organized: bool, stride: int = 1) -> CompletedFrame:
    depth, valid = _depth_and_valid()
    depth[~valid] = 0
    sparse = SparseDepth.from_depth(np.where(_random(3).random(depth.shape) < 0.3, depth, 0))
    return CompletedFrame(
        placed=PlacedFrame(
            frame=Frame(image=_picture(), camera=_CAMERA, sparse=sparse, stamp_ns=_STAMP_NS),
            camera_from_frame=RigidTransform.identity(),
            sensor_points=np.empty((0, 3), np.float32),
            gap_ns=0,
        ),
        prediction=DepthPrediction(
            depth=depth,
            valid=valid,
            confidence=_random(4).random(depth.shape, dtype=np.float32),
            sparse=sparse,
        ),
        cloud=CloudConfig(stride=stride, organized=organized),
    )


@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize("organized", [False, True])
def test_the_dense_cloud_is_the_depth_image_seen_from_the_camera(
    organized: bool, stride: int
) -> None:
    done = _completed(organized=organized, stride=stride)
    make = next(product.make for product in OUTPUT_TOPICS if product.kind == "points")
    fields = make(done)
    assert isinstance(fields, PointCloudFields)
    message = _published(fields)
    points = _read(message)
    v, u = np.mgrid[0:_HEIGHT:stride, 0:_WIDTH:stride]
    depth, valid = done.prediction.depth[v, u], done.prediction.valid[v, u]
    z = np.where(valid, depth, np.float32(np.nan))
    xyz = np.stack(
        [(u - _CAMERA.cx) / _CAMERA.fx * z, (v - _CAMERA.cy) / _CAMERA.fy * z, z], axis=-1
    )
    rgb = _picture()[v, u]
    if not organized:
        xyz, rgb = xyz[valid][np.newaxis], rgb[valid][np.newaxis]
    # REP 118 leaves the invalid pixel to the cloud: all of its coordinates are NaN, as PCL has it.
    assert message.is_dense == (not organized)
    assert points.shape == xyz.shape[:2]
    np.testing.assert_allclose(_xyz_of(points), xyz, rtol=1e-6, atol=1e-5)
    np.testing.assert_array_equal(_rgb_of(points), rgb)
    measured = point_cloud2.read_points(message, ["x", "y", "z"], skip_nans=True)
    assert len(measured) == valid.sum()


@pytest.mark.parametrize("product", OUTPUT_TOPICS, ids=lambda product: product.topic)
def test_products_are_of_the_type_that_is_advertised(product: OutputTopic) -> None:
    fields = product.make(_completed(organized=True))
    assert fields is not None
    message = _published(fields)
    assert type(message) is message_class(product.kind)
    if isinstance(fields, ImageFields):
        read = _BRIDGE.imgmsg_to_cv2(message, "passthrough")
        assert read.shape[:2] == (_HEIGHT, _WIDTH)
        assert read.tobytes() == fields.data.tobytes()


_BAG_MESSAGES: dict[str, tuple[Fields, str, Any]] = {
    "image": (encode_image(_picture(), "bgr8"), IMAGE, image_message),
    "depth": (encode_depth(*_depth_and_valid()), IMAGE, image_message),
    "camera_info": (
        encode_camera_info(
            CameraModel(
                fx=500.0,
                fy=501.0,
                cx=320.5,
                cy=240.25,
                width=640,
                height=480,
                distortion_model="plumb_bob",
                distortion=(0.1, -0.2, 0.001, 0.002, 0.05),
            ),
            RigidTransform.from_quaternion((0.01, 0.02, 0.03, 1.0), (-0.12, 0.0, 0.0)),
        ),
        CAMERA_INFO,
        camera_info_message,
    ),
    "points": (
        encode_points(_random().normal(size=(3, 5, 3)), np.ones((3, 5, 3), np.uint8)),
        POINT_CLOUD,
        cloud_message,
    ),
}


@pytest.mark.parametrize("kind", _BAG_MESSAGES)
def test_messages_of_the_node_and_of_a_bag_are_the_same_bytes(kind: str) -> None:
    fields, msgtype, bag_message_of = _BAG_MESSAGES[kind]
    message = message_of(fields, _STAMP_NS, "camera")
    written = bytes(TYPESTORE.serialize_cdr(bag_message_of(fields, _STAMP_NS, "camera"), msgtype))
    assert deserialize_message(written, type(message)) == message
    assert bytes(serialize_message(message)) == written


@pytest.mark.parametrize("stamp_ns", [0, 1, 10**9 - 1, 10**9, _STAMP_NS, 2**31 * 10**9 - 1])
def test_stamps(stamp_ns: int) -> None:
    message = sensor_msgs.Image(header=header(stamp_ns, "camera"))
    assert stamp_ns_of(message) == stamp_ns
    assert 0 <= message.header.stamp.nanosec < 10**9


# How the bytes get into a message


def _large() -> list[Fields]:
    image = np.zeros((480, 640, 3), np.uint8)
    image[::2] = 7
    return [encode_image(image), encode_points(np.ones((300_000, 3), np.float32))]


@pytest.mark.parametrize(("checks", "copies"), [("1", 1), ("", 2)])
@pytest.mark.parametrize("fields", _large(), ids=lambda fields: type(fields).__name__)
def test_data_is_filled_without_a_look_at_each_byte(
    fields: ImageFields | PointCloudFields,
    checks: str,
    copies: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """rclpy takes an array.array('B') as it is; of any other sequence it looks at each byte.

    Older distros do so always, newer ones where ROS_PYTHON_CHECK_FIELDS is 1, and else they copy.
    An array is what comes out of either, so that the type does not tell what went in, but memory
    does: bytes and lists are held in addition.
    """
    module = type(message_of(fields, _STAMP_NS, "camera")).__module__
    monkeypatch.setattr(f"{module}.ros_python_check_fields", checks, raising=False)
    tracemalloc.start()
    try:
        message = message_of(fields, _STAMP_NS, "camera")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert type(message.data) is array.array
    assert message.data.typecode == "B"
    assert message.data.tobytes() == fields.data.tobytes()
    assert peak < (copies + 0.4) * fields.data.nbytes


def test_a_message_keeps_its_bytes_when_the_image_is_written_to() -> None:
    picture = _picture()
    fields = encode_image(picture)
    assert np.shares_memory(fields.data, picture)
    message = message_of(fields, _STAMP_NS, "camera")
    picture[...] = 0
    np.testing.assert_array_equal(decode_image(message), _picture())


def test_data_that_is_not_contiguous() -> None:
    fields = encode_image(_picture())
    every_other = fields._replace(data=np.repeat(fields.data, 2)[::2])
    message = message_of(every_other, _STAMP_NS, "camera")
    assert message == message_of(fields, _STAMP_NS, "camera")


# Images that come in


def _stored(encoding: str, *, is_bigendian: bool = False) -> tuple[AnyArray, Any]:
    """Random pixels of an encoding, and cv_bridge's message of them."""
    layout = image_codec._LAYOUTS[encoding]
    dtype = np.dtype(f"u{layout.bytes_per_channel}")
    shape = (_HEIGHT, _WIDTH, layout.channels)[: 2 if layout.channels == 1 else 3]
    pixels = _random().integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    stored = pixels.astype(dtype.newbyteorder(">" if is_bigendian else "<"))
    return pixels, _BRIDGE.cv2_to_imgmsg(stored, encoding)


# cv_bridge gives the abstract types no colours, core OpenCV's; the newer YUV names it lacks.
_NAMES_OF_CV_BRIDGE = {
    "8UC1": "mono8",
    "8UC3": "bgr8",
    "8UC4": "bgra8",
    "16UC1": "mono16",
    "uyvy": "yuv422",
    "yuyv": "yuv422_yuy2",
}


@pytest.mark.parametrize("is_bigendian", [False, True])
@pytest.mark.parametrize("encoding", image_codec._LAYOUTS)
def test_images_of_cv_bridge_have_its_own_colours(encoding: str, is_bigendian: bool) -> None:
    name = _NAMES_OF_CV_BRIDGE.get(encoding, encoding)
    pixels, message = _stored(name, is_bigendian=is_bigendian)
    message.encoding = encoding
    decoded = decode_image(message)
    # Where cv_bridge rounds 16 bits to 8, core keeps the high byte: it is compared alone.
    high_bytes = (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
    read = _BRIDGE.imgmsg_to_cv2(_BRIDGE.cv2_to_imgmsg(high_bytes, name.replace("16", "8")), "rgb8")
    np.testing.assert_array_equal(decoded, read)


@pytest.mark.parametrize("is_bigendian", [False, True])
@pytest.mark.parametrize("encoding", ["32FC1", "16UC1"])
def test_depth_of_cv_bridge(encoding: str, is_bigendian: bool) -> None:
    depth, valid = _depth_and_valid()
    order = ">" if is_bigendian else "<"
    stored = (
        np.where(valid, depth, np.nan).astype(f"{order}f4")
        if encoding == "32FC1"
        else np.where(valid, np.clip(depth * 1000, 0, 65535), 0).astype(f"{order}u2")
    )
    decoded, decoded_valid = decode_depth(_BRIDGE.cv2_to_imgmsg(stored, encoding))
    np.testing.assert_array_equal(decoded_valid, valid)
    metres = stored.astype(np.float32) / np.float32(1 if encoding == "32FC1" else 1000)
    np.testing.assert_array_equal(decoded, np.where(valid, metres, 0))


# Clouds that come in


@pytest.mark.parametrize("gap", [0, 5])
@pytest.mark.parametrize("coordinate", [7, 8])
@pytest.mark.parametrize("shape", [(12,), (4, 3)])
def test_clouds_of_sensor_msgs_py(shape: tuple[int, ...], coordinate: int, gap: int) -> None:
    types = {"x": coordinate, "y": coordinate, "z": coordinate, "intensity": 7, "rgb": 6, "t": 6}
    fields, end = [], gap
    for name, datatype in types.items():
        fields.append(sensor_msgs.PointField(name=name, offset=end, datatype=datatype, count=1))
        end += np.dtype(NUMPY_TYPES[datatype]).itemsize + gap
    points = np.zeros(shape, point_cloud2.dtype_from_fields(fields, end))
    for name in ("x", "y", "z", "intensity"):
        points[name] = _random(ord(name[0])).normal(size=shape)
    points["rgb"] = _random().integers(0, 2**24, shape)
    points["t"] = np.arange(points.size).reshape(shape) * 9_000_000
    points["x"].reshape(-1)[4] = np.nan
    message = point_cloud2.create_cloud(header(_STAMP_NS, "lidar"), fields, points, end)
    received = deserialize_message(serialize_message(message), type(message))
    cloud = decode_points(received)
    assert cloud.dropped == 1
    kept = np.delete(points.reshape(-1), 4)
    np.testing.assert_array_equal(cloud.xyz, _xyz_of(kept).astype(np.float32))
    assert cloud.intensity is not None
    np.testing.assert_array_equal(cloud.intensity, kept["intensity"])
    assert cloud.rgb is not None
    np.testing.assert_array_equal(
        cloud.rgb @ np.array([1 << 16, 1 << 8, 1]), kept["rgb"].astype(np.int64)
    )
    assert cloud.time_offset_ns is not None
    np.testing.assert_array_equal(cloud.time_offset_ns, kept["t"])


def test_cloud_of_xyz32() -> None:
    xyz = _random().normal(size=(9, 3)).astype(np.float32)
    message = point_cloud2.create_cloud_xyz32(header(_STAMP_NS, "lidar"), xyz)
    np.testing.assert_array_equal(decode_points(message).xyz, xyz)
