# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Paired messages -> frames: decode, look transforms up, undo the motion in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from depth_completion_core.calibration import CalibratedCamera, camera_from_info
from depth_completion_core.codecs.image import decode_compressed_image, decode_image
from depth_completion_core.codecs.pointcloud import PointCloud, decode_points
from depth_completion_core.deskew import deskew
from depth_completion_core.frame import Float32Array, Frame, UInt8Array
from depth_completion_core.pairing import Pair
from depth_completion_core.transform_buffer import TransformBuffer
from depth_completion_core.transforms import RigidTransform
from rosbag_tools.messages import IMAGE
from rosbag_tools.topics import Topics

SweepStamp = Literal["start", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """What is known of where the sensors are.

    Attributes:
        transforms: the bag's TF.
        extrinsics: optical frame from the frame of a cloud, given by hand; goes before TF.
        fixed_frame: the frame held still between image and cloud; empty for no compensation.
        rectified: whether the image is rectified, so that P counts instead of K and D.
        sweep_stamp: which end of the sweep the stamps of the clouds mean.
    """

    transforms: TransformBuffer
    extrinsics: Mapping[str, RigidTransform]
    fixed_frame: str
    rectified: bool
    sweep_stamp: SweepStamp


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PlacedFrame:
    """A frame with what the values of core do not need to know.

    Attributes:
        frame: what the completer gets.
        camera_from_frame: the camera in the optical frame of TF; the identity but for stereo.
        sensor_points: (N, 3) float32 metres, the points of ``frame`` as the sensors sent them.
        gap_ns: time between image and cloud.
    """

    frame: Frame
    camera_from_frame: RigidTransform
    sensor_points: Float32Array
    gap_ns: int


class FrameBuilder:
    """Builds the frames of one image topic."""

    def __init__(self, topics: Topics, geometry: Geometry) -> None:
        self._geometry = geometry
        self._optical_frame = topics.image.frame_id or topics.camera_info.frame_id
        self._decode = decode_image if topics.image.msgtype == IMAGE else decode_compressed_image
        self._calibration: CalibratedCamera | None = None

    def set_camera_info(self, info: Any) -> None:  # noqa: ANN401 - sensor_msgs/CameraInfo
        """Take the calibration of the images that follow; raises ValueError on an empty one."""
        self._calibration = camera_from_info(info, rectified=self._geometry.rectified)

    def build(self, pair: Pair[Any, Any]) -> PlacedFrame:
        """Decode a pair.

        Raises:
            ValueError: a message cannot be decoded, or image and calibration do not fit.
            TransformError: the cloud's place is not known.
        """
        if self._calibration is None:
            raise ValueError("no CameraInfo came before this image")
        image: UInt8Array = self._decode(pair.image)
        clouds = [
            (decode_points(message, stamp_at=self._geometry.sweep_stamp), message, stamp_ns)
            for message, stamp_ns in zip(pair.clouds, pair.cloud_stamps_ns, strict=True)
        ]
        placed = [
            self._placed(cloud, message, stamp_ns, pair) for cloud, message, stamp_ns in clouds
        ]
        points, camera_from_points = _merged(placed)
        frame = Frame(
            image=image,
            camera=self._calibration.camera,
            points=points,
            camera_from_points=self._calibration.camera_from_frame @ camera_from_points,
            stamp_ns=pair.image_stamp_ns,
            frame_id=self._optical_frame,
        )
        return PlacedFrame(
            frame=frame,
            camera_from_frame=self._calibration.camera_from_frame,
            sensor_points=np.concatenate([cloud.xyz for cloud, _, _ in clouds]),
            gap_ns=pair.gap_ns,
        )

    def _placed(
        self,
        cloud: PointCloud,
        message: Any,  # noqa: ANN401 - sensor_msgs/PointCloud2
        stamp_ns: int,
        pair: Pair[Any, Any],
    ) -> tuple[Float32Array, RigidTransform]:
        """Points, and the transform that takes them to the optical frame at the image's instant."""
        frame = str(message.header.frame_id).lstrip("/")
        at = self._transform_of(frame, pair.image_stamp_ns)
        moves = bool(self._geometry.fixed_frame) and frame not in self._geometry.extrinsics
        if moves and cloud.time_offset_ns is not None:
            points = deskew(cloud.xyz, cloud.time_offset_ns, stamp_ns, at)
            return points, RigidTransform.identity()
        return cloud.xyz, at(stamp_ns)

    def _transform_of(self, frame: str, image_ns: int) -> Callable[[int], RigidTransform]:
        """Optical frame at the image's instant, from the cloud's frame at the instant given."""
        known, optical = self._geometry, self._optical_frame
        if frame in known.extrinsics:
            return lambda _: known.extrinsics[frame]
        if known.fixed_frame:
            return partial(
                known.transforms.lookup_through, optical, image_ns, frame, fixed=known.fixed_frame
            )
        return lambda _: known.transforms.lookup(optical, frame, image_ns)


def _merged(
    placed: list[tuple[Float32Array, RigidTransform]],
) -> tuple[Float32Array, RigidTransform]:
    if len(placed) == 1:
        return placed[0]
    moved = [transform.apply(points).astype(np.float32) for points, transform in placed]
    return np.concatenate(moved), RigidTransform.identity()
