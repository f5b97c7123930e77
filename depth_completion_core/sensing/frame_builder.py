# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Paired messages -> frames: decode, look transforms up, undo the motion in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from depth_completion_core.codecs.compressed_depth import decode_compressed_depth
from depth_completion_core.codecs.depth import decode_depth
from depth_completion_core.codecs.image import decode_compressed_image, decode_image
from depth_completion_core.codecs.pointcloud import PointCloud, decode_points
from depth_completion_core.frame import Frame, SparseDepth, View
from depth_completion_core.geometry.arrays import Float32Array, UInt8Array
from depth_completion_core.geometry.calibration import camera_from_info
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.deskew import deskew
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.pair import MessagePair
from depth_completion_core.sensing.placed_frame import PlacedFrame
from depth_completion_core.sensing.sensor_geometry import Geometry
from depth_completion_core.sensing.wanted_views import WantedViews

Message = Any  # of rclpy or of a bag


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SweepAsMeasured:
    """An image and one cloud, the motion between them not undone.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        camera: its intrinsics.
        cloud: the points in the frame of their sensor.
        camera_from_points: the camera at the instant of the image, from the sensor as many
            nanoseconds after the stamp of the cloud as are given; raises TransformError.
    """

    image: UInt8Array
    camera: CameraModel
    cloud: PointCloud
    camera_from_points: Callable[[int], RigidTransform]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Sweep:
    """A decoded cloud, its frame and its own stamp."""

    cloud: PointCloud
    frame_id: str
    stamp_ns: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Measured:
    """Points and their place, or a depth image, or neither."""

    sensor_points: Float32Array
    points: Float32Array | None = None
    optical_from_points: RigidTransform | None = None
    sparse: SparseDepth | None = None


_NOT_MEASURED = _Measured(sensor_points=np.empty((0, 3), np.float32))


class MissingViewError(ValueError):
    """An earlier image that the model looks at has not come; the message says so."""


class FrameBuilder:
    """Builds the frames of images that share one calibration; never changes."""

    def __init__(self, geometry: Geometry, camera_info: Message) -> None:
        """Take the sensors' places and the calibration; raises ValueError on an empty one."""
        self._geometry = geometry
        self._calibration = camera_from_info(camera_info, rectified=geometry.rectified)
        self._camera_frame = _frame_of(camera_info)

    def build(self, pair: MessagePair, wanted: WantedViews | None = None) -> PlacedFrame:
        """Decode a pair: an image, raw or compressed, with clouds, one depth image or nothing.

        Args:
            pair: with the earlier images that are wanted.
            wanted: the further views of the frame; None for none.

        Raises:
            MissingViewError: an image that is wanted has not come.
            ValueError: a message cannot be decoded, or image and calibration do not fit.
            TransformError: the cloud's place is not known.
        """
        views = () if wanted is None else self._views(pair, wanted)
        measured = self._measured(pair)
        return PlacedFrame(
            frame=replace(self._frame(pair, measured), views=views),
            camera_from_frame=self._calibration.camera_from_frame,
            sensor_points=measured.sensor_points,
            gap_ns=pair.gap_ns,
        )

    def _frame(self, pair: MessagePair, measured: _Measured) -> Frame:
        camera_from_frame = self._calibration.camera_from_frame
        return Frame(
            image=_image_of(pair),
            camera=self._calibration.camera,
            points=measured.points,
            camera_from_points=(
                camera_from_frame @ measured.optical_from_points
                if measured.optical_from_points
                else None
            ),
            sparse=measured.sparse,
            stamp_ns=pair.image_stamp_ns,
            frame_id=self._optical_frame(pair),
        )

    def _views(self, pair: MessagePair, wanted: WantedViews) -> tuple[View, ...]:
        if len(pair.earlier) < wanted.earlier_images:
            raise MissingViewError(
                "not all of the earlier images that the model looks at have come since the stream "
                "began or time jumped back"
            )
        return tuple(
            self._view(offset, pair.earlier[offset], pair, wanted) for offset in wanted.offsets
        )

    def _view(
        self, offset: int, earlier: MessagePair, pair: MessagePair, wanted: WantedViews
    ) -> View:
        try:
            measured = self._measured(earlier)
        except (ValueError, TransformError):  # counted when that image was the one to complete
            measured = _NOT_MEASURED
        frame = self._frame(earlier, measured)
        return View(
            offset=offset,
            image=frame.image,
            camera=frame.camera,
            stamp_ns=frame.stamp_ns,
            sparse=None if measured is _NOT_MEASURED else wanted.project(frame),
            view_from_target=self._motion(pair, earlier),
        )

    def _motion(self, pair: MessagePair, earlier: MessagePair) -> RigidTransform | None:
        """The camera of an earlier image from that of a pair; None where it is not known."""
        known, camera_from_frame = self._geometry, self._calibration.camera_from_frame
        if not known.fixed_frame:
            return None
        try:
            earlier_from_now = known.transforms.lookup_through(
                self._optical_frame(earlier),
                earlier.image_stamp_ns,
                self._optical_frame(pair),
                pair.image_stamp_ns,
                fixed=known.fixed_frame,
            )
        except TransformError:
            return None
        return camera_from_frame @ earlier_from_now @ camera_from_frame.inverse()

    def sweep_as_measured(self, pair: MessagePair, stream: int = 0) -> SweepAsMeasured:
        """Decode the image and one cloud of a pair.

        Raises:
            ValueError: a message cannot be decoded.
        """
        calibration = self._calibration
        sweep = self._sweep(pair.clouds[stream], pair.cloud_stamps_ns[stream])
        at = self._transform_of(
            sweep.frame_id, self._optical_frame(pair), pair.image_stamp_ns, tolerance_ns=0
        )
        return SweepAsMeasured(
            image=_image_of(pair),
            camera=calibration.camera,
            cloud=sweep.cloud,
            camera_from_points=lambda after_ns: (
                calibration.camera_from_frame @ at(sweep.stamp_ns + after_ns)
            ),
        )

    def _optical_frame(self, pair: MessagePair) -> str:
        return _frame_of(pair.image) or self._camera_frame

    def _measured(self, pair: MessagePair) -> _Measured:
        if not pair.clouds:
            return _NOT_MEASURED
        message, optical_frame = pair.clouds[0], self._optical_frame(pair)
        if hasattr(message, "encoding") or hasattr(message, "format"):
            is_compressed = hasattr(message, "format")
            depth, valid = (decode_compressed_depth if is_compressed else decode_depth)(message)
            return replace(_NOT_MEASURED, sparse=SparseDepth(depth, valid))
        sweeps = self._sweeps(pair)
        placed = [self._placed(sweep, optical_frame, pair.image_stamp_ns) for sweep in sweeps]
        points, optical_from_points = _merged(placed)
        return _Measured(
            sensor_points=np.concatenate([sweep.cloud.xyz for sweep in sweeps]),
            points=points,
            optical_from_points=optical_from_points,
        )

    def _sweeps(self, pair: MessagePair) -> list[_Sweep]:
        stamped = [*zip(pair.clouds, pair.cloud_stamps_ns, strict=True), *pair.earlier_clouds]
        return [self._sweep(message, stamp_ns) for message, stamp_ns in stamped]

    def _sweep(self, message: Message, stamp_ns: int) -> _Sweep:
        return _Sweep(
            cloud=decode_points(message, stamp_at=self._geometry.sweep_stamp),
            frame_id=_frame_of(message),
            stamp_ns=stamp_ns,
        )

    def _placed(
        self, sweep: _Sweep, optical_frame: str, image_ns: int
    ) -> tuple[Float32Array, RigidTransform]:
        """Points, and the transform that takes them to the optical frame at the image's instant."""
        at = self._transform_of(sweep.frame_id, optical_frame, image_ns)
        known, cloud = self._geometry, sweep.cloud
        moves = bool(known.fixed_frame) and sweep.frame_id not in known.extrinsics
        if moves and cloud.time_offset_ns is not None:
            points = deskew(cloud.xyz, cloud.time_offset_ns, sweep.stamp_ns, at)
            return points, RigidTransform.identity()
        return cloud.xyz, at(sweep.stamp_ns)

    def _transform_of(
        self, frame: str, optical_frame: str, image_ns: int, *, tolerance_ns: int | None = None
    ) -> Callable[[int], RigidTransform]:
        """Optical frame at the image's instant, from the cloud's frame at the instant given."""
        known = self._geometry
        if frame in known.extrinsics:
            return lambda _: known.extrinsics[frame]
        if known.fixed_frame:
            return partial(
                known.transforms.lookup_through,
                optical_frame,
                image_ns,
                frame,
                fixed=known.fixed_frame,
                tolerance_ns=tolerance_ns,
            )
        return lambda _: known.transforms.lookup(optical_frame, frame, image_ns)


def _image_of(pair: MessagePair) -> UInt8Array:
    image = pair.image
    return (decode_compressed_image if hasattr(image, "format") else decode_image)(image)


def _frame_of(message: Message) -> str:
    return str(message.header.frame_id).lstrip("/")


def _merged(
    placed: list[tuple[Float32Array, RigidTransform]],
) -> tuple[Float32Array, RigidTransform]:
    if len(placed) == 1:
        return placed[0]
    moved = [transform.apply(points).astype(np.float32) for points, transform in placed]
    return np.concatenate(moved), RigidTransform.identity()
