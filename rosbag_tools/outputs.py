# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topics that a completion writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from depth_completion_core.camera import CameraModel
from depth_completion_core.codecs.depth import encode_depth
from depth_completion_core.codecs.image import encode_image
from depth_completion_core.codecs.messages import ImageFields
from depth_completion_core.config import CloudConfig
from depth_completion_core.frame import DepthPrediction, Float32Array, Frame
from depth_completion_core.framing import PlacedFrame
from depth_completion_core.projection import pack_xyzrgb
from depth_completion_core.transforms import RigidTransform
from depth_completion_core.visualize import depth_scale, overlay
from rosbag_tools.errors import BagError
from rosbag_tools.messages import (
    CAMERA_INFO,
    IMAGE,
    POINT_CLOUD,
    camera_info_message,
    image_message,
    packed_cloud_message,
)
from rosbag_tools.writer import BagWriter

DepthEncoding = Literal["32FC1", "16UC1"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Which topics to write beside depth/image and depth/camera_info.

    Attributes:
        namespace: put before every topic, such as /front.
        encoding: of the depth image: 32FC1 in metres with NaN, or 16UC1 in millimetres with 0.
        points: write depth/points, the coloured cloud.
        cloud: its density.
        sparse_depth: write sparse_depth/image, the measurements that the model got.
        support: write depth/support, the distance in pixels to the nearest measurement (32FC1).
        overlay: write debug/overlay, the measurements drawn on the image.
    """

    namespace: str = ""
    encoding: DepthEncoding = "32FC1"
    points: bool = True
    cloud: CloudConfig = field(default_factory=CloudConfig)
    sparse_depth: bool = False
    support: bool = False
    overlay: bool = False


class OutputWriter:
    """Writes predictions to a bag, stamped and framed like their image."""

    def __init__(self, writer: BagWriter, outputs: Outputs) -> None:
        self._writer = writer
        self._outputs = outputs
        self._prefix = f"/{outputs.namespace.strip('/')}".rstrip("/")

    def check_free(self, taken: Sequence[str]) -> None:
        """Raise BagError where a topic to be written is also copied from the input."""
        names = ("depth/image", "depth/camera_info", "depth/points", "sparse_depth/image")
        clashes = [f"{self._prefix}/{name}" for name in (*names, "depth/support", "debug/overlay")]
        clashes = [topic for topic in clashes if topic in taken]
        if clashes:
            raise BagError(
                f"the input holds {', '.join(clashes)} already: it was completed before. Write "
                "beside them with --namespace NAME, or leave the input out with --no-copy-inputs"
            )

    def write(self, placed: PlacedFrame, prediction: DepthPrediction, log_ns: int) -> None:
        """Write all topics of one frame."""
        frame, outputs = placed.frame, self._outputs
        depth = encode_depth(prediction.depth, prediction.valid, outputs.encoding)
        self._image("depth/image", depth, frame, log_ns)
        if frame.camera is not None:
            self._camera_info(placed, frame.camera, log_ns)
            if outputs.points:
                self._points(placed, frame.camera, prediction, log_ns)
        if outputs.sparse_depth:
            sparse = encode_depth(prediction.sparse.depth, prediction.sparse.valid, "32FC1")
            self._image("sparse_depth/image", sparse, frame, log_ns)
        if outputs.support:
            fields = _float_image(prediction.support_distance_px)
            self._image("depth/support", fields, frame, log_ns)
        if outputs.overlay:
            scale = depth_scale([prediction.sparse.depth])
            picture = overlay(frame.image, prediction.sparse, scale)
            self._image("debug/overlay", encode_image(picture), frame, log_ns)

    def _image(self, name: str, fields: ImageFields, frame: Frame, log_ns: int) -> None:
        message = image_message(fields, frame.stamp_ns, frame.frame_id)
        self._put(name, IMAGE, message, log_ns)

    def _camera_info(self, placed: PlacedFrame, camera: CameraModel, log_ns: int) -> None:
        frame = placed.frame
        message = camera_info_message(
            camera, frame.stamp_ns, frame.frame_id, placed.camera_from_frame
        )
        self._put("depth/camera_info", CAMERA_INFO, message, log_ns)

    def _points(
        self, placed: PlacedFrame, camera: CameraModel, prediction: DepthPrediction, log_ns: int
    ) -> None:
        frame, cloud = placed.frame, self._outputs.cloud
        packed = pack_xyzrgb(
            prediction.depth,
            prediction.valid,
            frame.image,
            camera,
            stride=cloud.stride,
            organized=cloud.organized,
        )
        _move(packed, placed.camera_from_frame)
        message = packed_cloud_message(packed, frame.stamp_ns, frame.frame_id)
        self._put("depth/points", POINT_CLOUD, message, log_ns)

    def _put(self, name: str, msgtype: str, message: object, log_ns: int) -> None:
        topic = f"{self._prefix}/{name}"
        self._writer.add_topic(topic, msgtype)
        self._writer.write(topic, log_ns, message)


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
