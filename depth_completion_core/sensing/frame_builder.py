# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Paired messages -> frames: decode, look transforms up, undo the motion in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from depth_completion_core.codecs.points import PointCloud
from depth_completion_core.frame import Frame, View
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.geometry.calibration import camera_from_info
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.measured import (
    NOT_MEASURED,
    Measured,
    MeasurementReader,
    frame_of,
)
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


class MissingViewError(ValueError):
    """An earlier image that the model looks at has not come; the message says so."""

    drop_reason = "an earlier image is missing"


class FrameBuilder:
    """Builds the frames of images that share one calibration.

    It changes nothing but the habits of the geometry that it is given.
    """

    def __init__(self, geometry: Geometry, camera_info: Message) -> None:
        """Take the sensors' places and the calibration; raises ValueError on an empty one."""
        self._geometry = geometry
        self._calibration = camera_from_info(camera_info, rectified=geometry.rectified)
        camera = self._calibration.camera
        self._measurements = MeasurementReader(geometry, (camera.height, camera.width))
        self._camera_frame = frame_of(camera_info)

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
        measured = self._measurements.measured(pair, self._optical_frame(pair))
        return PlacedFrame(
            frame=replace(self._frame(pair, measured), views=views),
            camera_from_frame=self._calibration.camera_from_frame,
            sensor_points=measured.sensor_points,
            gap_ns=pair.gap_ns,
            fixed_frame=self._geometry.fixed_frame if measured.points is not None else "",
            points_without_measurement=measured.points_without_measurement,
        )

    def _frame(self, pair: MessagePair, measured: Measured) -> Frame:
        camera_from_frame = self._calibration.camera_from_frame
        return Frame(
            image=self._image(pair),
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
            measured = self._measurements.measured(earlier, self._optical_frame(earlier))
        except (ValueError, TransformError):  # counted when that image was the one to complete
            measured = NOT_MEASURED
        frame = self._frame(earlier, measured)
        return View(
            offset=offset,
            image=frame.image,
            camera=frame.camera,
            stamp_ns=frame.stamp_ns,
            sparse=None if measured is NOT_MEASURED else wanted.project(frame),
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
        sweep = self._measurements.sweep(pair.clouds[stream], pair.cloud_stamps_ns[stream])
        at = self._measurements.transform_of(
            sweep, self._optical_frame(pair), pair.image_stamp_ns, tolerance_ns=0
        )
        return SweepAsMeasured(
            image=self._image(pair),
            camera=calibration.camera,
            cloud=sweep.cloud,
            camera_from_points=lambda after_ns: (
                calibration.camera_from_frame @ at(sweep.stamp_ns + after_ns)
            ),
        )

    def _optical_frame(self, pair: MessagePair) -> str:
        return frame_of(pair.image) or self._camera_frame

    def _image(self, pair: MessagePair) -> UInt8Array:
        return self._geometry.habits.rgb_of(pair.image)
