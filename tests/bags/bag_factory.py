# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small bags of every kind for the tests, written and read back by the rosbags library."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from rosbags.highlevel import AnyReader
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer as Writer2
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from depth_completion_core.codecs.camera_info import encode_camera_info
from depth_completion_core.codecs.depth import encode_depth
from depth_completion_core.codecs.image import encode_image
from depth_completion_core.codecs.pointcloud import encode_points
from depth_completion_core.frame import Frame
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.messages import (
    CAMERA_INFO,
    COMPRESSED_IMAGE,
    IMAGE,
    LATCHED,
    POINT_CLOUD,
    TF_MESSAGE,
    TYPESTORE,
    camera_info_message,
    cloud_message,
    header,
    image_message,
    tf_message,
)

Float32Array = npt.NDArray[np.float32]
UInt8Array = npt.NDArray[np.uint8]
Storage = Literal["mcap", "sqlite3"]
Message = Any  # classes made at run time from the message definitions

ROS1 = get_typestore(Stores.ROS1_NOETIC)
for _tf_type in (TF_MESSAGE, "tf/msg/tfMessage"):
    if _tf_type not in ROS1.types:
        _text = "geometry_msgs/TransformStamped[] transforms"
        ROS1.register(get_types_from_msg(_text, _tf_type))

MS = 1_000_000
START_NS = 1_700_000_000 * 10**9
PERIOD_NS = 100 * MS

CAMERA_FRAME, LIDAR_FRAME, BASE_FRAME = "camera_optical", "lidar", "base_link"
IMAGE_TOPIC, INFO_TOPIC, CLOUD_TOPIC = "/camera/image_raw", "/camera/camera_info", "/lidar/points"
DEPTH_TOPIC = "/depth/image"
ODOMETRY_TOPIC = "/odometry"

CAMERA = CameraModel(fx=50.0, fy=48.0, cx=31.25, cy=23.75, width=64, height=48)

# Quarter turns and powers of two: products of these are exact, so that equal means equal.
LOOKING_AHEAD = (-0.5, 0.5, -0.5, 0.5)
BASE_FROM_CAMERA = RigidTransform.from_quaternion(LOOKING_AHEAD, (0.25, 0.0, 0.5))
BASE_FROM_LIDAR = RigidTransform.from_quaternion((0.0, 0.0, 0.0, 1.0), (0.125, 0.0625, 0.75))
CAMERA_FROM_LIDAR = BASE_FROM_CAMERA.inverse() @ BASE_FROM_LIDAR


@dataclass(frozen=True)
class Entry:
    """One message of a bag that is still to be written in some format."""

    topic: str
    msgtype: str
    log_ns: int
    message: Any
    latched: bool = False


class Read(NamedTuple):
    """One message of a bag that was read back."""

    log_ns: int
    message: Any
    raw: bytes


def entries_of(bag: Path) -> list[Entry]:
    """Everything that a bag holds, in its order, to be published again."""
    with AnyReader([bag]) as reader:
        return [
            Entry(
                connection.topic,
                connection.msgtype,
                log_ns,
                reader.deserialize(raw, connection.msgtype),
                latched=connection.topic == "/tf_static",
            )
            for connection, log_ns, raw in reader.messages()
        ]


# What a camera and a lidar see


def picture(seed: int, width: int = CAMERA.width, height: int = CAMERA.height) -> UInt8Array:
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (height, width, 3)).astype(np.uint8)


def cloud(seed: int, count: int = 400) -> Float32Array:
    """Points before the camera, in the frame of the lidar: x ahead."""
    random = np.random.default_rng([seed, 1])
    ahead = random.uniform(3.0, 9.0, count)
    sideways, up = random.uniform(-0.5, 0.5, (2, count)) * ahead
    return np.column_stack([ahead, sideways, 0.8 * up]).astype(np.float32)


def stamp_of(index: int) -> int:
    return START_NS + index * PERIOD_NS


def frame_of(index: int) -> Frame:
    """What complete should make of the frames of :func:`drive`, put together by hand."""
    return Frame(
        image=picture(index),
        camera=CAMERA,
        points=cloud(index),
        camera_from_points=CAMERA_FROM_LIDAR,
        stamp_ns=stamp_of(index),
        frame_id=CAMERA_FRAME,
    )


# Messages


def image_entry(
    stamp_ns: int,
    pixels: UInt8Array,
    *,
    topic: str = IMAGE_TOPIC,
    frame: str = CAMERA_FRAME,
    encoding: str = "rgb8",
) -> Entry:
    message = image_message(encode_image(pixels, encoding), stamp_ns, frame)
    return Entry(topic, IMAGE, stamp_ns, message)


def compressed_entry(
    stamp_ns: int, png: UInt8Array, *, topic: str, frame: str = CAMERA_FRAME, format_: str = "png"
) -> Entry:
    kind = TYPESTORE.types[COMPRESSED_IMAGE]
    message: Any = kind(header=header(stamp_ns, frame), format=format_, data=png)
    return Entry(topic, COMPRESSED_IMAGE, stamp_ns, message)


def depth_entry(stamp_ns: int, depth: Float32Array, *, topic: str) -> Entry:
    fields = encode_depth(depth, depth > 0)
    return Entry(topic, IMAGE, stamp_ns, image_message(fields, stamp_ns, CAMERA_FRAME))


def info_entry(
    stamp_ns: int,
    camera: CameraModel = CAMERA,
    *,
    topic: str = INFO_TOPIC,
    frame: str = CAMERA_FRAME,
) -> Entry:
    return Entry(
        topic,
        CAMERA_INFO,
        stamp_ns,
        camera_info_message(encode_camera_info(camera), stamp_ns, frame),
    )


def cloud_entry(
    stamp_ns: int,
    xyz: Float32Array,
    *,
    topic: str = CLOUD_TOPIC,
    frame: str = LIDAR_FRAME,
    extra: dict[str, npt.NDArray[Any]] | None = None,
    log_ns: int | None = None,
) -> Entry:
    message = cloud_message(encode_points(xyz, extra=extra), stamp_ns, frame)
    return Entry(topic, POINT_CLOUD, stamp_ns if log_ns is None else log_ns, message)


def tf_entry(
    stamp_ns: int, *transforms: tuple[str, str, RigidTransform], static: bool = True
) -> Entry:
    topic = "/tf_static" if static else "/tf"
    return Entry(topic, TF_MESSAGE, stamp_ns, tf_message(transforms, stamp_ns), latched=static)


def as_sent(message: Message, *, little_endian: bool = True) -> bytes:
    """A tf2_msgs/TFMessage as it travels."""
    return bytes(TYPESTORE.serialize_cdr(message, TF_MESSAGE, little_endian=little_endian))


def odometry_entry(
    stamp_ns: int,
    pose: RigidTransform,
    *,
    msgtype: str = "nav_msgs/msg/Odometry",
    parent: str = "odom",
    child: str = BASE_FRAME,
) -> Entry:
    """An Odometry, a PoseStamped or a PoseWithCovarianceStamped."""
    fields: dict[str, Any] = {"header": header(stamp_ns, parent), "pose": _pose_message(pose)}
    if msgtype != "geometry_msgs/msg/PoseStamped":
        fields["pose"] = _geometry("PoseWithCovariance", pose=fields["pose"], covariance=_UNKNOWN)
    if msgtype == "nav_msgs/msg/Odometry":
        still = _geometry("Vector3", x=0.0, y=0.0, z=0.0)
        twist = _geometry("Twist", linear=still, angular=still)
        fields["child_frame_id"] = child
        fields["twist"] = _geometry("TwistWithCovariance", twist=twist, covariance=_UNKNOWN)
    return Entry(ODOMETRY_TOPIC, msgtype, stamp_ns, TYPESTORE.types[msgtype](**fields))


def path_entry(stamp_ns: int, poses: Sequence[Entry]) -> Entry:
    """A Path of the PoseStamped of some entries."""
    msgtype = "nav_msgs/msg/Path"
    items = [entry.message for entry in poses]
    message = TYPESTORE.types[msgtype](header=header(stamp_ns, "odom"), poses=items)
    return Entry(ODOMETRY_TOPIC, msgtype, stamp_ns, message)


_UNKNOWN = np.zeros(36)


def _pose_message(pose: RigidTransform) -> Message:
    x, y, z, w = pose.quaternion_xyzw.tolist()
    position = dict(zip("xyz", pose.translation.tolist(), strict=True))
    return _geometry(
        "Pose",
        position=_geometry("Point", **position),
        orientation=_geometry("Quaternion", x=x, y=y, z=z, w=w),
    )


def _geometry(name: str, **fields: Any) -> Message:  # noqa: ANN401 - made at run time
    return TYPESTORE.types[f"geometry_msgs/msg/{name}"](**fields)


def mounts_entry() -> Entry:
    return tf_entry(
        START_NS,
        (BASE_FRAME, CAMERA_FRAME, BASE_FROM_CAMERA),
        (BASE_FRAME, LIDAR_FRAME, BASE_FROM_LIDAR),
    )


def drive(count: int = 3) -> list[Entry]:
    """An image, its calibration and a cloud at each of some instants; the mounts in TF."""
    entries = [mounts_entry()]
    for index in range(count):
        stamp_ns = stamp_of(index)
        entries += [
            info_entry(stamp_ns),
            image_entry(stamp_ns, picture(index)),
            cloud_entry(stamp_ns, cloud(index)),
        ]
    return entries


def without(entries: Iterable[Entry], *topics: str) -> list[Entry]:
    return [entry for entry in entries if entry.topic not in topics]


def replaced(
    entries: Iterable[Entry], topic: str, change: Callable[[Message], Message]
) -> list[Entry]:
    """With ``change`` applied to every message of a topic."""
    return [
        dataclasses.replace(entry, message=change(entry.message)) if entry.topic == topic else entry
        for entry in entries
    ]


# Writing


def write_ros2(
    path: Path,
    entries: Iterable[Entry],
    *,
    storage: Storage = "mcap",
    typestore: Typestore = TYPESTORE,
) -> Path:
    """A folder as ``ros2 bag record`` makes it."""
    plugin = StoragePlugin.MCAP if storage == "mcap" else StoragePlugin.SQLITE3
    with Writer2(path, version=9, storage_plugin=plugin) as writer:
        connections: dict[tuple[str, str], Any] = {}
        for entry in entries:
            key = (entry.topic, entry.msgtype)
            if key not in connections:
                connections[key] = writer.add_connection(
                    entry.topic,
                    entry.msgtype,
                    typestore=typestore,
                    offered_qos_profiles=[LATCHED] if entry.latched else [],
                )
            data = typestore.serialize_cdr(entry.message, entry.msgtype)
            writer.write(connections[key], entry.log_ns, data)
    return path


def write_bare(path: Path, entries: Iterable[Entry], *, typestore: Typestore = TYPESTORE) -> Path:
    """A file .mcap or .db3 without the folder around it."""
    storage: Storage = "mcap" if path.suffix == ".mcap" else "sqlite3"
    whole = path.with_name(f"{path.stem}_folder")
    folder = write_ros2(whole, entries, storage=storage, typestore=typestore)
    shutil.move(next(folder.glob(f"*{path.suffix}")), path)
    shutil.rmtree(folder)
    return path


def strip_definitions(path: Path) -> Path:
    """Make a .db3 as ROS 2 before Iron wrote it: without the definitions of its types."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("DELETE FROM message_definitions")
    connection.close()
    return path


def write_ros1(
    path: Path,
    entries: Iterable[Entry],
    *,
    tf_type: str = TF_MESSAGE,
    publishers: int = 1,
    compression: Writer1.CompressionFormat | None = None,
    chunk_bytes: int = 2**20,
) -> Path:
    """A .bag: fields named as ROS 1 names them, frame ids with a slash in front.

    ``publishers``: how many nodes take turns to publish each topic; each has its own connection.
    """
    new = Writer1(path)
    new.chunk_threshold = chunk_bytes
    if compression is not None:
        new.set_compression(compression)
    with new as writer:
        connections: dict[tuple[str, int], Any] = {}
        for number, entry in enumerate(entries):
            msgtype = tf_type if entry.msgtype == TF_MESSAGE else entry.msgtype
            key = (entry.topic, number % publishers)
            if key not in connections:
                connections[key] = writer.add_connection(
                    entry.topic,
                    msgtype,
                    typestore=ROS1,
                    callerid=f"/driver_{key[1]}",
                    latching=int(entry.latched),
                )
            message = _ros1_message(entry.message, msgtype)
            writer.write(connections[key], entry.log_ns, ROS1.serialize_ros1(message, msgtype))
    return path


def _ros1_message(message: Message, msgtype: str) -> Message:
    kind: Any = ROS1.types[msgtype]
    return kind(**{item.name: _ros1_value(message, item) for item in dataclasses.fields(kind)})


def _ros1_value(message: Message, item: dataclasses.Field[Any]) -> Message:
    if item.name == "seq":
        return 0
    value = getattr(message, item.name, None)
    value = getattr(message, item.name.lower()) if value is None else value
    if item.name in ("frame_id", "child_frame_id"):
        return f"/{value}"
    if dataclasses.is_dataclass(value):
        return _ros1_message(value, _type_name(value))
    if isinstance(value, list):
        return [_ros1_message(part, _type_name(part)) for part in value]
    return value


def _type_name(message: Message) -> str:
    return str(message.__msgtype__)


# Reading back


@dataclass
class ReadBag:
    """Everything that a bag holds, by topic."""

    topics: dict[str, list[Read]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    qos: dict[str, list[Any]] = field(default_factory=dict)

    def messages(self, topic: str) -> list[Any]:
        return [read.message for read in self.topics.get(topic, [])]


def read_bag(*paths: Path) -> ReadBag:
    """Read by rosbags itself, not by what is tested."""
    bag = ReadBag()
    with AnyReader(list(paths), default_typestore=TYPESTORE) as reader:
        for connection in reader.connections:
            bag.types[connection.topic] = connection.msgtype
            bag.topics.setdefault(connection.topic, [])
            profiles = getattr(connection.ext, "offered_qos_profiles", [])
            bag.qos[connection.topic] = profiles
        for connection, log_ns, raw in reader.messages():
            message = reader.deserialize(raw, connection.msgtype)
            bag.topics[connection.topic].append(Read(log_ns, message, bytes(raw)))
    return bag


def floats(message: Message) -> Float32Array:
    """The pixels of a 32FC1 image."""
    assert message.encoding == "32FC1"
    pixels: Float32Array = np.asarray(message.data).view("<f4").copy()
    return pixels.reshape(message.height, message.width)


def depths_of(path: Path, topic: str = DEPTH_TOPIC) -> list[Float32Array]:
    return [floats(message) for message in read_bag(path).messages(topic)]


def points_of(message: Message) -> Float32Array:
    """(N, 4) x, y, z and the bits of rgb, of a cloud of 16-byte points."""
    assert [item.name for item in message.fields] == ["x", "y", "z", "rgb"]
    assert message.point_step == 16
    records: Float32Array = np.asarray(message.data).view("<f4").copy()
    return records.reshape(-1, 4)


def stamp_ns(message: Message) -> int:
    return int(message.header.stamp.sec) * 10**9 + int(message.header.stamp.nanosec)


def leftovers(folder: Path) -> list[str]:
    """Half-written things in a folder."""
    return sorted(path.name for path in folder.rglob("*partial*"))


def batches(entries: Sequence[Entry], count: int) -> Iterator[list[Entry]]:
    """Cut a recording into parts of equal length in time."""
    first, last = entries[0].log_ns, entries[-1].log_ns
    length = (last - first) // count + 1
    for part in range(count):
        yield [entry for entry in entries if (entry.log_ns - first) // length == part]
