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
    """What is found out unless it is given."""

    image: str = ""
    """Topic of the colour images; found by type, calibration and frame when not given."""
    camera_info: str = ""
    """Topic of their calibration."""
    measurements: MeasurementName = "points"
    """Point clouds, a depth image, one as image_transport compresses it, or none."""
    points: tuple[str, ...] = ()
    """Topics of one or several point clouds."""
    sparse_depth: str = ""
    """Topic of the depth image, with --measurements depth or compressed_depth."""
    rectified: Rectified = "auto"
    """Project with P (yes) or with K and D (no); auto goes by 'rect' in the topic's name."""
    extrinsics: Path | None = None
    """YAML file with the cloud's place, for bags without TF."""
    fixed_frame: str = "auto"
    """Undo the robot's motion through this standing frame; auto: odom, map or world; or none."""
    sweep_stamp: SweepStamp = "start"
    """Which end of a sweep the clouds' stamps mean, for points with times of their own."""

    def wishes(self, *, truth: str = "") -> PlanWishes:
        """The same for the plan, with the topic of a truth where there is one."""
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
