# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The sweeps of a bag around each image, and the true depth that they make together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.accumulated_depth import (
    PlacedSweep,
    accumulated_depth,
)
from depth_completion_core.sensing.accumulation_config import AccumulationConfig
from depth_completion_core.sensing.drop_counts import DropCounts
from depth_completion_core.sensing.sweep_placement import SweepPlacement
from rosbag_tools.completion_plan import Plan
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader


@dataclass(frozen=True, slots=True, eq=False)
class SweepWindow:
    """Sweeps around an image; its depth can be made of them on any thread."""

    stamp_ns: int
    sweeps: tuple[PlacedSweep, ...]
    config: AccumulationConfig

    def truth(self, camera: CameraModel, fixed_from_camera: RigidTransform) -> SparseDepth:
        """See :func:`~depth_completion_core.sensing.accumulated_depth.accumulated_depth`."""
        return accumulated_depth(self.sweeps, self.stamp_ns, camera, fixed_from_camera, self.config)


class SweepAccumulator:
    """Reads the clouds of a bag forward, once, and keeps those around the image asked for.

    Attributes:
        drops: the clouds that cannot be used, by reason.
    """

    def __init__(self, reader: BagReader, plan: Plan, config: AccumulationConfig) -> None:
        """Read nothing yet.

        Args:
            reader: of the bag, which nobody else reads messages from.
            plan: which clouds, and where the sensors are.
            config: how many sweeps make the truth of an image.

        Raises:
            BagError: the plan has no points, or no motion of them.
        """
        self._topics = [topic for topic in plan.topics.clouds if not topic.is_depth]
        if not self._topics:
            raise BagError(
                "true depth from sweeps needs point clouds, and none are measured here: choose "
                "them with --points, or take the truth from a depth image with --truth"
            )
        if not plan.geometry.fixed_frame:
            raise BagError(
                "true depth from sweeps needs the motion of the sensor, and nothing tells it: "
                "record TF from odom or map, or give --odometry"
            )
        self._reader, self._config = reader, config
        info = plan.calibration.info
        self._placement = SweepPlacement(
            plan.geometry, plan.topics.optical_frame, (int(info.height), int(info.width))
        )
        self._coming = self._placed_sweeps()
        self._sweeps: list[PlacedSweep] = []
        self.drops = DropCounts()

    def window(self, stamp_ns: int) -> SweepWindow:
        """The sweeps before, at and after an image; images come in the order of their stamps."""
        before, after = (
            count * len(self._topics)
            for count in (self._config.sweeps_before, self._config.sweeps_after)
        )
        while sum(sweep.stamp_ns > stamp_ns for sweep in self._sweeps) <= after:
            sweep = next(self._coming, None)
            if sweep is None:
                break
            self._sweeps.append(sweep)
        if not self._sweeps:
            return SweepWindow(stamp_ns, (), self._config)
        gaps_ns = [abs(sweep.stamp_ns - stamp_ns) for sweep in self._sweeps]
        nearest = gaps_ns.index(min(gaps_ns))
        del self._sweeps[: max(nearest - before, 0)]
        nearest = min(nearest, before)
        return SweepWindow(stamp_ns, tuple(self._sweeps[: nearest + after + 1]), self._config)

    def _placed_sweeps(self) -> Iterator[PlacedSweep]:
        connections = [item for topic in self._topics for item in topic.connections]
        messages = self._reader.messages(connections)
        while True:
            try:
                message = next(messages, None)
            except BagError:  # damaged from here on, which whoever reads the images tells
                return
            if message is None:
                return
            try:
                cloud = self._reader.decoded(message)
                yield self._placement.placed(cloud, stamp_ns_of(cloud))
            except (ValueError, TransformError, BagError) as error:
                self.drops.add_error(error)
