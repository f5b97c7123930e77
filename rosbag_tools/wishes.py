# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be asked of a completion, as plain values that need no slow import."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from depth_completion_core.config import DepthEncoding, SweepStamp
from depth_completion_core.sensing.measurement_kinds import MeasurementName

Rectified = Literal["auto", "yes", "no"]
Storage = Literal["mcap", "sqlite3"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicWishes:
    """Topics given by hand; empty ones are looked for."""

    image: str = ""
    camera_info: str = ""
    measurements: MeasurementName = "points"
    points: tuple[str, ...] = ()
    sparse_depth: str = ""
    truth: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWishes:
    """What was asked for; the rest is found out."""

    topics: TopicWishes = field(default_factory=TopicWishes)
    extrinsics: Path | None = None
    fixed_frame: str = "auto"
    rectified: Rectified = "auto"
    sweep_stamp: SweepStamp = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputWishes:
    """What to write of each frame.

    Attributes:
        topics: relative names, of the table of output topics; ValueError where one is not in it.
            Empty for those that bags get without being asked.
        namespace: put before every topic, such as /front.
        encoding: of the depth image: 32FC1 in metres with NaN, or 16UC1 in millimetres with 0.
    """

    topics: tuple[str, ...] = ()
    namespace: str = ""
    encoding: DepthEncoding = "32FC1"

    def __post_init__(self) -> None:
        if self.topics:
            from depth_completion_core.sensing.output_topics import outputs_named  # noqa: PLC0415

            outputs_named(self.topics)
