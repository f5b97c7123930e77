# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is published of a completed frame, live and into bags: the table of output topics."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from depth_completion_core.codecs.camera_info import CameraInfoFields, encode_camera_info
from depth_completion_core.codecs.depth import encode_depth
from depth_completion_core.codecs.image import encode_image
from depth_completion_core.codecs.message_kinds import MessageKind
from depth_completion_core.codecs.messages import ImageFields
from depth_completion_core.codecs.pointcloud import XYZRGB_FIELDS, PointCloudFields
from depth_completion_core.config import CloudConfig, DepthEncoding
from depth_completion_core.frame import DepthPrediction
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.geometry.unprojection import pack_xyzrgb, pack_xyzrgb_along_rays
from depth_completion_core.pictures.depth_colors import colorize, overlay
from depth_completion_core.pictures.scales import depth_scale
from depth_completion_core.sensing.placed_frame import PlacedFrame

Fields = ImageFields | CameraInfoFields | PointCloudFields


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CompletedFrame:
    """A frame, its prediction, and how to write them.

    Attributes:
        placed: the frame.
        prediction: its dense depth.
        depth_encoding: of the depth image: 32FC1 in metres with NaN, or 16UC1 in millimetres.
        cloud: the density of the point cloud.
    """

    placed: PlacedFrame
    prediction: DepthPrediction
    depth_encoding: DepthEncoding = "32FC1"
    cloud: CloudConfig


class OutputTopic(NamedTuple):
    """One output topic.

    Attributes:
        topic: relative name.
        kind: of its messages.
        make: the fields of its message; None where a frame has no such thing.
        description: one line for the documentation.
        is_in_bags: whether bag tools write it without being asked.
    """

    topic: str
    kind: MessageKind
    make: Callable[[CompletedFrame], Fields | None]
    description: str
    is_in_bags: bool = False


def _depth_image(done: CompletedFrame) -> Fields:
    depth = done.prediction.along_z
    return encode_depth(depth.depth, depth.valid, done.depth_encoding)


def _depth_camera_info(done: CompletedFrame) -> Fields | None:
    camera = done.placed.frame.camera
    return None if camera is None else encode_camera_info(camera, done.placed.camera_from_frame)


def _depth_points(done: CompletedFrame) -> Fields | None:
    packed = _packed_points(done)
    if packed is None:
        return None
    _move(packed, done.placed.camera_from_frame)
    return _cloud_fields(packed)


def _packed_points(done: CompletedFrame) -> Float32Array | None:
    """Records of x, y, z, rgb; None where neither camera nor rays are known."""
    frame, cloud, prediction = done.placed.frame, done.cloud, done.prediction
    along_rays = prediction.along_rays
    if along_rays is not None and prediction.rays is not None:
        return pack_xyzrgb_along_rays(
            along_rays.depth,
            along_rays.valid,
            frame.image,
            prediction.rays,
            stride=cloud.stride,
            organized=cloud.organized,
        )
    if frame.camera is None:
        return None
    return pack_xyzrgb(
        prediction.depth,
        prediction.valid,
        frame.image,
        frame.camera,
        stride=cloud.stride,
        organized=cloud.organized,
    )


def _confidence(done: CompletedFrame) -> Fields | None:
    confidence = done.prediction.confidence
    return None if confidence is None else _float_image(confidence)


def _sparse_depth(done: CompletedFrame) -> Fields:
    sparse = done.prediction.sparse
    return encode_depth(sparse.depth, sparse.valid, done.depth_encoding)


def _support(done: CompletedFrame) -> Fields:
    return _float_image(done.prediction.support_distance_px)


def _overlay(done: CompletedFrame) -> Fields:
    sparse = done.prediction.sparse
    return encode_image(overlay(done.placed.frame.image, sparse, depth_scale([sparse.depth])))


def _color(done: CompletedFrame) -> Fields:
    depth, valid = done.prediction.depth, done.prediction.valid
    return encode_image(colorize(depth, valid, depth_scale([depth])))


OUTPUT_TOPICS = (
    OutputTopic(
        "depth/image",
        "image",
        _depth_image,
        "dense depth: 32FC1 in metres with NaN, or 16UC1 in millimetres with 0 (REP 118)",
        is_in_bags=True,
    ),
    OutputTopic(
        "depth/camera_info",
        "camera_info",
        _depth_camera_info,
        "calibration of the depth image, with its stamp",
        is_in_bags=True,
    ),
    OutputTopic(
        "depth/points",
        "points",
        _depth_points,
        "dense point cloud, XYZRGB, metres",
        is_in_bags=True,
    ),
    OutputTopic(
        "depth/confidence",
        "image",
        _confidence,
        "confidence, 32FC1 in 0..1, of models that give one",
    ),
    OutputTopic(
        "depth/support",
        "image",
        _support,
        "distance to the nearest measurement, 32FC1 in pixels",
    ),
    OutputTopic("depth/image_color", "image", _color, "dense depth in colours for people, rgb8"),
    OutputTopic(
        "sparse_depth/image",
        "image",
        _sparse_depth,
        "the measurements that the model got, as a depth image",
    ),
    OutputTopic("debug/overlay", "image", _overlay, "the measurements drawn on the image, rgb8"),
)

BAG_TOPICS = tuple(output.topic for output in OUTPUT_TOPICS if output.is_in_bags)
"""What bag tools write without being asked."""


def outputs_named(topics: Sequence[str]) -> tuple[OutputTopic, ...]:
    """The outputs with these relative names, in the order of the table.

    Raises:
        ValueError: a name is not known; the message lists the known ones.
    """
    known = [output.topic for output in OUTPUT_TOPICS]
    listed = f"the outputs are {', '.join(known)}"
    for topic in topics:
        if topic not in known:
            near = difflib.get_close_matches(topic, known, n=1)
            hint = f" did you mean '{near[0]}'?" if near else ""
            raise ValueError(f"there is no output topic '{topic}';{hint} {listed}")
    return tuple(output for output in OUTPUT_TOPICS if output.topic in topics)


def _cloud_fields(packed: Float32Array) -> PointCloudFields:
    """XYZRGB records (N, 4) or (H, W, 4), as pack_xyzrgb makes them."""
    organized = packed.ndim == 3
    height, width = packed.shape[:2] if organized else (1, packed.shape[0])
    return PointCloudFields(
        height=height,
        width=width,
        fields=XYZRGB_FIELDS,
        is_bigendian=False,
        point_step=16,
        row_step=16 * width,
        data=packed.reshape(-1).view(np.uint8),
        is_dense=not organized,
    )


def _move(packed: Float32Array, camera_from_frame: RigidTransform) -> None:
    """From the camera to the optical frame of TF, in place; the two differ for stereo only."""
    frame_from_camera = camera_from_frame.inverse()
    if not np.allclose(frame_from_camera.matrix, np.eye(4), atol=1e-9):
        packed[..., :3] = frame_from_camera.apply(packed[..., :3])


def _float_image(values: Float32Array) -> ImageFields:
    """32FC1 as it is; infinite stays infinite."""
    height, width = values.shape
    data = np.ascontiguousarray(values, dtype=np.float32).reshape(-1).view(np.uint8)
    return ImageFields(height, width, "32FC1", 0, 4 * width, data)
