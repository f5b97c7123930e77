# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be asked of a completion: plain values that need no slow import, and flags."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from depth_completion_core.config import DepthEncoding, SweepStamp
from depth_completion_core.sensing.measurement_kinds import MeasurementName

Rectified = Literal["auto", "yes", "no"]
Storage = Literal["mcap", "sqlite3"]
Stamps = Literal["header", "recorded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicWishes:
    """Topics given by hand; empty ones are looked for."""

    image: str = ""
    """Topic of the colour images; by default found by type, calibration and frame."""
    camera_info: str = ""
    """Topic of their calibration."""
    measurements: MeasurementName = "points"
    """Point clouds, a depth image, one compressed by image_transport, or none."""
    points: tuple[str, ...] = ()
    """Topics of one or more point clouds."""
    depth: str = ""
    """Topic of the depth image, with --measurements depth or compressed_depth."""
    truth: str = ""
    """Topic of true depth images, to score against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWishes:
    """What was asked for; the rest is found out."""

    topics: Annotated[TopicWishes, tyro.conf.arg(name="")] = field(default_factory=TopicWishes)
    stamps: Stamps = "header"
    """recorded: the time of recording in place of the stamps, where those tell nothing."""
    rectified: Rectified = "auto"
    """Project with P (yes) or with K and D (no); auto: P if 'rect' is a word of the topic."""
    intrinsics: str = ""
    """File with the intrinsics, in place of CameraInfo: camera_info YAML, Kalibr camchain
    (FILE#cam1 chooses a camera) or 3x3 matrix as text."""
    extrinsics: Path | None = None
    """YAML file with the extrinsics of the clouds, for bags without TF."""
    points_in_camera_frame: bool = False
    """Clouds that carry the frame_id of the image are in its optical frame (VIO, for example), even
    where they are not in rows and columns as those of a depth camera."""
    fixed_frame: str = "auto"
    """Fixed frame for motion compensation; auto takes odom, map or world; none turns it off."""
    odometry: str = ""
    """Odometry that is not in TF: a topic of nav_msgs/Odometry or Path or stamped poses, or a TUM
    trajectory file; its frame becomes the fixed frame."""
    odometry_frame: str = ""
    """Frame of the robot that the odometry moves, where its messages do not name the right one."""
    sweep_stamp: SweepStamp = "start"
    """Whether stamps mark the start or end of a sweep, for clouds with per-point times."""

    def with_absolute_paths(self) -> PlanWishes:
        """The same for a process that works in another folder."""
        file, hash_sign, camera = self.intrinsics.partition("#")
        return dataclasses.replace(
            self,
            extrinsics=self.extrinsics and self.extrinsics.absolute(),
            intrinsics=absolute_file(file) + hash_sign + camera,
            odometry=absolute_file(self.odometry),
        )

    def files(self) -> list[Path]:
        """The files that are named."""
        named = (self.extrinsics, self.intrinsics.partition("#")[0], self.odometry)
        return [Path(name) for name in named if name and Path(name).is_file()]


def absolute_file(name: str) -> str:
    """The absolute path where a name is that of a file; else the name, as of a topic or model."""
    return str(Path(name).absolute()) if name and Path(name).is_file() else name


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputWishes:
    """What to write of each frame.

    Attributes:
        topics: relative names, of the table of output topics; ValueError where one is not in it.
            Empty for those that bags get without being asked.
        sparse_depth: whether sparse_depth/image is written too.
        namespace: put before every topic, such as /front.
        encoding: of the depth image: 32FC1 in metres with NaN, or 16UC1 in millimetres with 0.
    """

    topics: tuple[str, ...] = ()
    sparse_depth: bool = False
    namespace: str = ""
    encoding: DepthEncoding = "32FC1"

    def __post_init__(self) -> None:
        if self.topics:
            from depth_completion_core.sensing.output_topics import outputs_named  # noqa: PLC0415

            outputs_named(self.topics)
