# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages with measurements -> points and their place, or sparse depth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np

from depth_completion_core.codecs.compressed_depth import decode_compressed_depth
from depth_completion_core.codecs.depth import decode_depth
from depth_completion_core.codecs.points import PointCloud, decode_points
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.deskew import deskew
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.cloud_place import check_place_is_said, size_of
from depth_completion_core.sensing.pair import MessagePair
from depth_completion_core.sensing.registered import check_registered
from depth_completion_core.sensing.sensor_geometry import Geometry

Message = Any  # of rclpy or of a bag

# Frames nearer to each other than this are one: 1 mm, and a pixel in a thousand.


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sweep:
    """A decoded cloud, its frame, its own stamp, and rows and columns of its message."""

    cloud: PointCloud
    frame_id: str
    stamp_ns: int
    size: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Measured:
    """Points and their place, or a depth image, or neither."""

    sensor_points: Float32Array
    points: Float32Array | None = None
    optical_from_points: RigidTransform | None = None
    sparse: SparseDepth | None = None
    points_without_measurement: int = 0


NOT_MEASURED = Measured(sensor_points=np.empty((0, 3), np.float32))


class MeasurementReader:
    """Decodes what was measured with an image, and places it in its optical frame."""

    def __init__(self, geometry: Geometry, image_size: tuple[int, int]) -> None:
        """Take where the sensors are, and rows and columns of the images."""
        self._geometry, self._image_size = geometry, image_size

    def measured(self, pair: MessagePair, optical_frame: str) -> Measured:
        """Decode clouds, a depth image or nothing.

        Raises:
            ValueError: a message cannot be decoded, or the depth image is of another frame.
            TransformError: the cloud's place is not known.
        """
        if not pair.clouds:
            return NOT_MEASURED
        message = pair.clouds[0]
        if hasattr(message, "encoding") or hasattr(message, "format"):
            transforms, frame = self._geometry.transforms, frame_of(message)
            check_registered(transforms, frame, optical_frame, pair.image_stamp_ns)
            sparse = read_depth_image(message, self._geometry)
            return replace(NOT_MEASURED, sparse=sparse)
        sweeps = self._sweeps(pair)
        placed = [self._placed(sweep, optical_frame, pair.image_stamp_ns) for sweep in sweeps]
        points, optical_from_points = _merged(placed)
        return Measured(
            sensor_points=np.concatenate([sweep.cloud.xyz for sweep in sweeps]),
            points=points,
            optical_from_points=optical_from_points,
            points_without_measurement=sum(sweep.cloud.dropped for sweep in sweeps),
        )

    def _sweeps(self, pair: MessagePair) -> list[Sweep]:
        stamped = [*zip(pair.clouds, pair.cloud_stamps_ns, strict=True), *pair.earlier_clouds]
        return [self.sweep(message, stamp_ns) for message, stamp_ns in stamped]

    def sweep(self, message: Message, stamp_ns: int) -> Sweep:
        """Decode a cloud; raises ValueError."""
        return read_sweep(message, stamp_ns, self._geometry)

    def _placed(
        self, sweep: Sweep, optical_frame: str, image_ns: int
    ) -> tuple[Float32Array, RigidTransform]:
        """Points, and the transform that takes them to the optical frame at the image's instant."""
        at = self.transform_of(sweep, optical_frame, image_ns)
        cloud = sweep.cloud
        if self._geometry.fixed_frame and cloud.time_offset_ns is not None:
            points = deskew(cloud.xyz, cloud.time_offset_ns, sweep.stamp_ns, at)
            return points, RigidTransform.identity()
        return cloud.xyz, at(sweep.stamp_ns)

    def transform_of(
        self, sweep: Sweep, optical_frame: str, image_ns: int, *, tolerance_ns: int | None = None
    ) -> Callable[[int], RigidTransform]:
        """Optical frame at the image's instant, from the cloud's frame at the instant given.

        A cloud whose place was given by hand moves with the camera: its frame need not be in TF.

        Raises:
            PlacementError: what the cloud calls its frame does not say where it is.
        """
        known, frame = self._geometry, sweep.frame_id
        by_hand = known.extrinsics.get(frame)
        if by_hand is None:
            check_place_is_said(
                known, frame, optical_frame, cloud_size=sweep.size, image_size=self._image_size
            )
        if by_hand is not None:
            return self._by_hand(by_hand, sweep.frame_id, optical_frame, image_ns, tolerance_ns)
        if not known.fixed_frame:
            return lambda _: known.transforms.lookup(optical_frame, frame, image_ns)
        lookup = partial(known.transforms.lookup, tolerance_ns=tolerance_ns)
        # The same for all instants of a sweep: looked up once, and only after theirs.
        optical_from_fixed = cache(partial(lookup, optical_frame, known.fixed_frame, image_ns))

        def at(stamp_ns: int) -> RigidTransform:
            fixed_from_cloud = lookup(known.fixed_frame, frame, stamp_ns)
            return optical_from_fixed() @ fixed_from_cloud

        return at

    def _by_hand(
        self,
        optical_from_cloud: RigidTransform,
        frame: str,
        optical_frame: str,
        image_ns: int,
        tolerance_ns: int | None,
    ) -> Callable[[int], RigidTransform]:
        """The two sensors are one rigid body, so that the motion of either is that of both."""
        transforms, fixed = self._geometry.transforms, self._geometry.fixed_frame
        if not fixed:
            return lambda _: optical_from_cloud
        by_camera = transforms.connects(fixed, optical_frame)
        moving = optical_frame if by_camera else frame

        def at(stamp_ns: int) -> RigidTransform:
            motion = transforms.lookup_through(
                moving, image_ns, moving, stamp_ns, fixed=fixed, tolerance_ns=tolerance_ns
            )
            return motion @ optical_from_cloud if by_camera else optical_from_cloud @ motion

        return at


def read_sweep(message: Message, stamp_ns: int, geometry: Geometry) -> Sweep:
    """Decode a cloud as its stream writes it; raises ValueError."""
    frame_id = frame_of(message)
    # Where nothing moves, it is of no interest whether points have times.
    clock = geometry.habits.clock_of(frame_id) if geometry.fixed_frame else None
    cloud = decode_points(message, stamp_at=geometry.sweep_stamp, clock=clock)
    return Sweep(cloud=cloud, frame_id=frame_id, stamp_ns=stamp_ns, size=size_of(message))


def read_depth_image(message: Message, geometry: Geometry) -> SparseDepth:
    """Decode a depth image, raw or compressed; raises ValueError."""
    is_compressed = hasattr(message, "format")
    sparse = SparseDepth(*(decode_compressed_depth if is_compressed else decode_depth)(message))
    geometry.habits.depth_unit.add(sparse)
    return sparse


def frame_of(message: Message) -> str:
    """The frame of a message, without the slash of ROS 1."""
    return str(message.header.frame_id).lstrip("/")


def _merged(
    placed: list[tuple[Float32Array, RigidTransform]],
) -> tuple[Float32Array, RigidTransform]:
    if len(placed) == 1:
        return placed[0]
    moved = [transform.apply(points).astype(np.float32) for points, transform in placed]
    return np.concatenate(moved), RigidTransform.identity()
