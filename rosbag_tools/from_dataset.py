# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m rosbag_tools.from_dataset --layout LAYOUT OUT``: a bag as drivers would record it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from depth_completion_core.settings.command_line import parsed
from rosbag_tools.cli import run_cli
from rosbag_tools.errors import BagError

if TYPE_CHECKING:
    from rosbag_tools.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class FromDataset:
    """Make a bag with image, CameraInfo, PointCloud2 and TF."""

    out: tyro.conf.Positional[Path]
    """The bag: a folder, or one file if the name ends in .mcap or .db3."""
    layout: Literal["kitti_raw", "synthetic"]
    """kitti_raw: one drive of KITTI's raw data. synthetic: a rendered drive."""
    overwrite: bool = False
    """Replace an output that exists."""

    root: Path = Path()
    """kitti_raw: the drive's folder."""
    camera: int = 2
    """kitti_raw: 2 for the left colour camera, 3 for the right one."""

    scene: str = "room"
    """synthetic: room or street."""
    seed: int = 0
    """synthetic: of the scene and the noise."""
    duration: float = 8.0
    """synthetic: seconds."""
    image_rate_hz: float = 5.0
    """synthetic: images per second."""


def main(arguments: list[str]) -> int:
    """Parse, record; 0 for success."""
    wanted = parsed(FromDataset, arguments)
    from rosbag_tools.recording import write_recording  # noqa: PLC0415 - slow to import

    images = write_recording(_recording(wanted), wanted.out, overwrite=wanted.overwrite)
    print(f"{images} images written to {wanted.out}")
    return 0


def _recording(wanted: FromDataset) -> Recording:
    if wanted.layout == "kitti_raw":
        from rosbag_tools.layout_kitti_raw import kitti_raw_recording  # noqa: PLC0415 - likewise

        return kitti_raw_recording(wanted.root, camera_index=wanted.camera)
    if wanted.duration <= 0 or wanted.image_rate_hz <= 0:
        raise BagError("--duration and --image-rate-hz must be positive")
    from rosbag_tools.layout_synthetic import synthetic_recording  # noqa: PLC0415 - needs torch

    return synthetic_recording(
        wanted.scene,
        seed=wanted.seed,
        duration_ns=round(wanted.duration * 1e9),
        image_period_ns=round(1e9 / wanted.image_rate_hz),
    )


if __name__ == "__main__":
    sys.exit(run_cli(main))
