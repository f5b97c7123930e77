# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fields of core -> messages of rclpy. What comes in is decoded by core's codecs as it is."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField
from std_msgs.msg import Header

from depth_completion_core.codecs.camera_info import CameraInfoFields
from depth_completion_core.codecs.message_kinds import MessageKind, types_of
from depth_completion_core.codecs.messages import ImageFields, UInt8Array
from depth_completion_core.codecs.pointcloud import PointCloudFields
from depth_completion_core.codecs.stamps import seconds_and_nanoseconds
from depth_completion_core.sensing.output_topics import Fields
from depth_completion_core.settings.fields import ConfigError


def message_class(kind: MessageKind) -> type[Any]:
    """The class of a kind of message.

    Raises:
        ConfigError: the package of its type is not there.
    """
    for name in types_of(kind):
        try:
            return class_named(name)
        except (ImportError, AttributeError):
            continue
    raise ConfigError(
        f"messages of {' or '.join(types_of(kind))} are to be read, and no such package is there. "
        "Build it in a workspace and source that before this one; or let the driver publish a "
        "PointCloud2 (Livox: xfer_format 0), with measurements:=points"
    )


def class_named(name: str) -> type[Any]:
    """The class of a type such as nav_msgs/msg/Odometry; ImportError where its package is not."""
    package, _, message = name.split("/")
    found: type[Any] = getattr(import_module(f"{package}.msg"), message)
    return found


def name_of_class(message: type[Any]) -> str:
    """The type of a class of messages, such as nav_msgs/msg/Odometry."""
    return f"{message.__module__.split('.')[0]}/msg/{message.__name__}"


def header(stamp_ns: int, frame_id: str) -> Header:
    """std_msgs/Header."""
    seconds, nanoseconds = seconds_and_nanoseconds(stamp_ns)
    return Header(stamp=Time(sec=seconds, nanosec=nanoseconds), frame_id=frame_id)


def message_of(fields: Fields, stamp_ns: int, frame_id: str) -> Image | CameraInfo | PointCloud2:
    """The message with these fields."""
    head = header(stamp_ns, frame_id)
    if isinstance(fields, ImageFields):
        return _image(fields, head)
    if isinstance(fields, CameraInfoFields):
        return _camera_info(fields, head)
    return _cloud(fields, head)


def _image(fields: ImageFields, head: Header) -> Image:
    message = Image(
        header=head,
        height=fields.height,
        width=fields.width,
        encoding=fields.encoding,
        is_bigendian=fields.is_bigendian,
        step=fields.step,
    )
    _fill(message.data, fields.data)
    return message


def _camera_info(fields: CameraInfoFields, head: Header) -> CameraInfo:
    return CameraInfo(
        header=head,
        height=fields.height,
        width=fields.width,
        distortion_model=fields.distortion_model,
        d=_floats(fields.d),
        k=_floats(fields.k),
        r=_floats(fields.r),
        p=_floats(fields.p),
    )


def _cloud(fields: PointCloudFields, head: Header) -> PointCloud2:
    message = PointCloud2(
        header=head,
        height=fields.height,
        width=fields.width,
        fields=[
            PointField(name=f.name, offset=f.offset, datatype=f.datatype, count=f.count)
            for f in fields.fields
        ],
        is_bigendian=fields.is_bigendian,
        point_step=fields.point_step,
        row_step=fields.row_step,
        is_dense=fields.is_dense,
    )
    _fill(message.data, fields.data)
    return message


def _fill(target: array[int], data: UInt8Array) -> None:
    """In place: rclpy's setter copies once more, or looks at each byte, as the distro has it."""
    target.frombytes(np.ascontiguousarray(data).data)


def _floats(values: Sequence[float] | np.ndarray[Any, Any]) -> list[float]:
    return [float(value) for value in values]
