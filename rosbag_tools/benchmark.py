# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m rosbag_tools.benchmark``: whether complete's stages really run beside each other.

The wall time of a completion against the larger of its two halves, each measured alone on the same
bag: the model (projection included), and decoding, encoding and writing. With ``--program
to_dataset``: the time of writing a set against that of decoding the messages and encoding the PNGs.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from depth_completion_core.models import DEFAULT_MODEL
from depth_completion_core.settings.command_line import parsed
from rosbag_tools.cli import run_cli


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """Wall time of complete against the times of its halves, or of to_dataset against its floor."""

    program: Literal["complete", "to_dataset"] = "complete"
    """What is measured."""
    model: str = DEFAULT_MODEL
    """complete: any model."""
    frames: int = 60
    """Length of the bag, the same view again and again: a street, 832x256, 64 scan lines; or a
    room, 640x480, with odometry and true depth."""
    rounds: int = 3
    """How often everything is measured; the medians count."""
    device: str = "cpu"
    """complete: cpu, cuda, ..."""
    json_file: Path | None = None
    """Write the numbers here, too."""


def main(arguments: list[str]) -> int:
    """Parse, measure, print; 0 for success."""
    wanted = parsed(Benchmark, arguments)
    if wanted.program == "to_dataset":
        from rosbag_tools.void_sets.timing import measure_set  # noqa: PLC0415 - needs torch

        measure_set(frames=wanted.frames, rounds=wanted.rounds, json_file=wanted.json_file)
        return 0
    from rosbag_tools import stage_timing  # noqa: PLC0415 - needs torch

    stage_timing.measure(
        wanted.model,
        frames=wanted.frames,
        rounds=wanted.rounds,
        device=wanted.device,
        json_file=wanted.json_file,
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_cli(main))
