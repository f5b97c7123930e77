# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The flags of every tool that reads camera and lidar out of a bag."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from depth_completion_core.config import SweepStamp
from depth_completion_core.sensing.measurement_kinds import MeasurementName
from rosbag_tools.wishes import PlanWishes, Rectified, TopicWishes


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFlags:
    """What is detected unless it is given."""

    image: str = ""
    """Topic of the colour images; by default found by type, calibration and frame."""
    camera_info: str = ""
    """Topic of their calibration."""
    measurements: MeasurementName = "points"
    """Point clouds, a depth image, one compressed by image_transport, or none."""
    points: tuple[str, ...] = ()
    """Topics of one or more point clouds."""
    sparse_depth: str = ""
    """Topic of the depth image, with --measurements depth or compressed_depth."""
    rectified: Rectified = "auto"
    """Project with P (yes) or with K and D (no); auto: P if the topic's name contains 'rect'."""
    extrinsics: Path | None = None
    """YAML file with the extrinsics of the clouds, for bags without TF."""
    fixed_frame: str = "auto"
    """Fixed frame for motion compensation; auto takes odom, map or world; none turns it off."""
    sweep_stamp: SweepStamp = "start"
    """Whether stamps mark the start or end of a sweep, for clouds with per-point times."""

    def wishes(self, *, truth: str = "") -> PlanWishes:
        """The same as wishes for the plan, with the topic of the truth if there is one."""
        return PlanWishes(
            topics=TopicWishes(
                image=self.image,
                camera_info=self.camera_info,
                measurements=self.measurements,
                points=self.points,
                sparse_depth=self.sparse_depth,
                truth=truth,
            ),
            extrinsics=self.extrinsics,
            fixed_frame=self.fixed_frame,
            rectified=self.rectified,
            sweep_stamp=self.sweep_stamp,
        )
