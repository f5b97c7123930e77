# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag as a robot's drivers would record it, from whatever has images and sweeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.camera_info import encode_camera_info
from depth_completion_core.codecs.depth import encode_depth
from depth_completion_core.codecs.image import encode_image
from depth_completion_core.codecs.pointcloud import encode_points
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import Float32Array, UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.geometry.unprojection import unproject_depth
from depth_completion_core.progress import with_progress
from rosbag_tools.messages import (
    CAMERA_INFO,
    IMAGE,
    LATCHED,
    POINT_CLOUD,
    TF_MESSAGE,
    camera_info_message,
    cloud_message,
    image_message,
    tf_message,
)
from rosbag_tools.writer import BagWriter

CAMERA_FRAME = "camera_optical_frame"
LIDAR_FRAME = "lidar"
SPARSE_FRAME = "sparse_points"  # lies in the camera, but clouds in its very frame are doubted
BASE_FRAME = "base_link"
ODOM_FRAME = "odom"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RecordedImage:
    """An image, and the depth that was measured with it and is true, where that is known."""

    stamp_ns: int
    image: UInt8Array
    truth: SparseDepth | None = None
    sparse: SparseDepth | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RecordedSweep:
    """A sweep in the lidar's frame; published ``duration_ns`` after its stamp."""

    stamp_ns: int
    xyz: Float32Array
    fields: dict[str, npt.NDArray[np.generic]]
    duration_ns: int = 0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RecordedPose:
    """Where the base is in odom."""

    stamp_ns: int
    odom_from_base: RigidTransform


RecordedEvent: TypeAlias = "RecordedImage | RecordedSweep | RecordedPose"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Recording:
    """Sensors, and what they recorded in order of publishing.

    Attributes:
        camera: intrinsics of the images.
        image_topic: image_raw, or image_rect_color for rectified ones.
        base_from_camera: the camera's optical frame on the base.
        base_from_lidar: the lidar on the base; None where there is none.
        events: images, sweeps and poses.
        event_count: how many, for the progress; 0 when not known.
    """

    camera: CameraModel
    image_topic: str
    base_from_camera: RigidTransform
    base_from_lidar: RigidTransform | None
    events: Iterable[RecordedEvent]
    event_count: int = 0


def write_recording(recording: Recording, path: Path, *, overwrite: bool = False) -> int:
    """Write a bag; returns the number of images.

    Raises:
        BagError: the output exists or cannot be written.
    """
    images, has_mounts = 0, False
    with BagWriter(path, overwrite=overwrite) as writer:
        events = with_progress(
            recording.events, "recording", unit="message", total=recording.event_count
        )
        for event in events:
            if not has_mounts:
                _write_mounts(writer, recording, event.stamp_ns)
                has_mounts = True
            if isinstance(event, RecordedImage):
                _write_image(writer, recording, event)
                images += 1
            elif isinstance(event, RecordedSweep):
                _write_sweep(writer, event)
            else:
                _write_pose(writer, event)
    return images


def _write_mounts(writer: BagWriter, recording: Recording, stamp_ns: int) -> None:
    mounts = [
        (BASE_FRAME, CAMERA_FRAME, recording.base_from_camera),
        (BASE_FRAME, SPARSE_FRAME, recording.base_from_camera),
    ]
    if recording.base_from_lidar is not None:
        mounts[-1] = (BASE_FRAME, LIDAR_FRAME, recording.base_from_lidar)
    writer.add_topic("/tf_static", TF_MESSAGE, qos=[LATCHED])
    writer.write("/tf_static", stamp_ns, tf_message(mounts, stamp_ns))


def _write_image(writer: BagWriter, recording: Recording, event: RecordedImage) -> None:
    stamp_ns, topic = event.stamp_ns, f"/camera/{recording.image_topic}"
    info = camera_info_message(encode_camera_info(recording.camera), stamp_ns, CAMERA_FRAME)
    writer.add_topic("/camera/camera_info", CAMERA_INFO)
    writer.write("/camera/camera_info", stamp_ns, info)
    writer.add_topic(topic, IMAGE)
    message = image_message(encode_image(event.image), stamp_ns, CAMERA_FRAME)
    writer.write(topic, stamp_ns, message)
    if event.sparse is not None:
        _write_depth(writer, "/camera/sparse_depth", stamp_ns, event.sparse)
        _write_sparse_points(writer, recording.camera, stamp_ns, event.sparse)
    if event.truth is not None:
        _write_depth(writer, "/camera/depth_truth", stamp_ns, event.truth)


def _write_depth(writer: BagWriter, topic: str, stamp_ns: int, depth: SparseDepth) -> None:
    fields = encode_depth(depth.depth, depth.valid)
    writer.add_topic(topic, IMAGE)
    writer.write(topic, stamp_ns, image_message(fields, stamp_ns, CAMERA_FRAME))


def _write_sparse_points(
    writer: BagWriter, camera: CameraModel, stamp_ns: int, sparse: SparseDepth
) -> None:
    points = unproject_depth(sparse.depth, sparse.valid, camera)[sparse.valid]
    writer.add_topic("/camera/sparse_points", POINT_CLOUD)
    message = cloud_message(encode_points(points), stamp_ns, SPARSE_FRAME)
    writer.write("/camera/sparse_points", stamp_ns, message)


def _write_sweep(writer: BagWriter, event: RecordedSweep) -> None:
    fields = encode_points(event.xyz, extra=event.fields)
    writer.add_topic("/lidar/points", POINT_CLOUD)
    message = cloud_message(fields, event.stamp_ns, LIDAR_FRAME)
    writer.write("/lidar/points", event.stamp_ns + event.duration_ns, message)


def _write_pose(writer: BagWriter, event: RecordedPose) -> None:
    writer.add_topic("/tf", TF_MESSAGE)
    transforms = [(ODOM_FRAME, BASE_FRAME, event.odom_from_base)]
    writer.write("/tf", event.stamp_ns, tf_message(transforms, event.stamp_ns))
