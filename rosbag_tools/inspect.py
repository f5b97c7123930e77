# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m rosbag_tools.inspect BAG``: what a bag holds, and what complete would do with it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from depth_completion_core.config import PairingConfig
from rosbag_tools.cli import run_cli
from rosbag_tools.frames import SweepStamp
from rosbag_tools.inspection import inspect_bag
from rosbag_tools.plan import PlanWishes, Rectified
from rosbag_tools.reader import BagReader
from rosbag_tools.topics import TopicWishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspect:
    """Topics, types, rates, frames, TF tree, encodings, pair gaps, and what complete would do."""

    paths: tyro.conf.Positional[tuple[Path, ...]]
    """The bag: .bag, .mcap or .db3 files, or a folder."""
    image: str = ""
    """Topic of the colour images, when several could be meant."""
    camera_info: str = ""
    """Topic of their calibration."""
    points: tuple[str, ...] = ()
    """Topics of one or several point clouds."""
    rectified: Rectified = "auto"
    """Whether the image is rectified; auto goes by its topic's name."""
    extrinsics: Path | None = None
    """YAML file with the cloud's place, for bags without TF."""
    fixed_frame: str = "auto"
    """Frame that stands still while the robot moves; auto, none or a name."""
    sweep_stamp: SweepStamp = "start"
    """Which end of a sweep the clouds' stamps mean."""
    pairing: Annotated[PairingConfig, tyro.conf.FlagConversionOff] = field(
        default_factory=PairingConfig
    )


def main(arguments: list[str]) -> int:
    """Parse, look, print; 0 for success."""
    wanted = tyro.cli(Inspect, args=arguments)
    topics = TopicWishes(image=wanted.image, camera_info=wanted.camera_info, points=wanted.points)
    wishes = PlanWishes(
        topics=topics,
        extrinsics=wanted.extrinsics,
        fixed_frame=wanted.fixed_frame,
        rectified=wanted.rectified,
        sweep_stamp=wanted.sweep_stamp,
    )
    with BagReader(wanted.paths) as reader:
        print("\n".join(inspect_bag(reader, wishes, wanted.pairing)))
    return 0


if __name__ == "__main__":
    sys.exit(run_cli(main))
