# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m rosbag_tools.demo``: bags of rendered drives, completed, scored and shown."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from depth_completion_core.settings.command_line import parsed
from rosbag_tools.cli import run_cli


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Render drives through a room and a street, complete their bags, score and show the depth."""

    out: Path = Path("out/demo")
    """Folder for bags, pictures and metrics; results of an earlier demo are replaced."""
    duration: float = 5.0
    """Seconds of each drive."""
    image_rate_hz: float = 3.0
    """Images per second."""
    seed: int = 0
    """Random seed of the scenes and the noise."""


def main(arguments: list[str]) -> int:
    """Parse, render, complete, print; 0 for success."""
    wanted = parsed(Demo, arguments)
    from rosbag_tools.rendered_demo import run_demo  # noqa: PLC0415 - needs torch

    run_demo(
        wanted.out,
        duration=wanted.duration,
        image_rate_hz=wanted.image_rate_hz,
        seed=wanted.seed,
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_cli(main))
