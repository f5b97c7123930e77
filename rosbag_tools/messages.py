# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Core values -> messages for a bag of ROS 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.typesys import Stores, get_typestore

from depth_completion_core.codecs.camera_info import CameraInfoFields
from depth_completion_core.codecs.message_kinds import MESSAGE_TYPES
from depth_completion_core.codecs.messages import ImageFields
from depth_completion_core.codecs.pointcloud import PointCloudFields
from depth_completion_core.codecs.stamps import seconds_and_nanoseconds
from depth_completion_core.geometry.transforms import RigidTransform

Message = Any  # classes made at run time from the message definitions

TYPESTORE = get_typestore(Stores.ROS2_HUMBLE)  # the oldest supported: newer distros read it too

IMAGE = MESSAGE_TYPES["image"]
COMPRESSED_IMAGE = MESSAGE_TYPES["compressed_image"]
CAMERA_INFO = MESSAGE_TYPES["camera_info"]
POINT_CLOUD = MESSAGE_TYPES["points"]
TF_MESSAGE = "tf2_msgs/msg/TFMessage"

_FOREVER = QosTime(2147483647, 4294967295)
LATCHED = Qos(
    QosHistory.KEEP_LAST,
    1,
    QosReliability.RELIABLE,
    QosDurability.TRANSIENT_LOCAL,
    _FOREVER,
    _FOREVER,
    QosLiveliness.AUTOMATIC,
    _FOREVER,
    avoid_ros_namespace_conventions=False,
)
"""The quality of service of /tf_static: late subscribers get the last message too."""


def header(stamp_ns: int, frame_id: str) -> Message:
    """std_msgs/Header."""
    seconds, nanoseconds = seconds_and_nanoseconds(stamp_ns)
    stamp = _type("builtin_interfaces/msg/Time")(sec=seconds, nanosec=nanoseconds)
    return _type("std_msgs/msg/Header")(stamp=stamp, frame_id=frame_id)


def image_message(fields: ImageFields, stamp_ns: int, frame_id: str) -> Message:
    """sensor_msgs/Image."""
    return _type(IMAGE)(header=header(stamp_ns, frame_id), **fields._asdict())


def cloud_message(fields: PointCloudFields, stamp_ns: int, frame_id: str) -> Message:
    """sensor_msgs/PointCloud2."""
    values = fields._asdict()
    values["fields"] = [
        _type("sensor_msgs/msg/PointField")(
            name=item.name, offset=item.offset, datatype=item.datatype, count=item.count
        )
        for item in fields.fields
    ]
    return _type(POINT_CLOUD)(header=header(stamp_ns, frame_id), **values)


def camera_info_message(fields: CameraInfoFields, stamp_ns: int, frame_id: str) -> Message:
    """sensor_msgs/CameraInfo."""
    return _type(CAMERA_INFO)(
        header=header(stamp_ns, frame_id),
        **fields._asdict(),
        binning_x=0,
        binning_y=0,
        roi=_type("sensor_msgs/msg/RegionOfInterest")(
            x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
        ),
    )


def tf_message(transforms: Sequence[tuple[str, str, RigidTransform]], stamp_ns: int) -> Message:
    """tf2_msgs/TFMessage of (parent, child, parent_from_child)."""
    stamped = []
    for parent, child, parent_from_child in transforms:
        x, y, z = (float(number) for number in parent_from_child.translation)
        qx, qy, qz, qw = (float(number) for number in parent_from_child.quaternion_xyzw)
        stamped.append(
            _type("geometry_msgs/msg/TransformStamped")(
                header=header(stamp_ns, parent),
                child_frame_id=child,
                transform=_type("geometry_msgs/msg/Transform")(
                    translation=_type("geometry_msgs/msg/Vector3")(x=x, y=y, z=z),
                    rotation=_type("geometry_msgs/msg/Quaternion")(x=qx, y=qy, z=qz, w=qw),
                ),
            )
        )
    return _type(TF_MESSAGE)(transforms=stamped)


def _type(name: str) -> Any:  # noqa: ANN401
    return TYPESTORE.types[name]
