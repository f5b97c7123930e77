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
from depth_completion_core.diagnosis.findings import render_findings, worst
from depth_completion_core.settings.command_line import parsed
from depth_completion_core.settings.mapping import check_limits
from rosbag_tools.cli import run_cli
from rosbag_tools.wishes import PlanWishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspect:
    """Topics, types, rates, frames, TF tree, encodings, pair gaps, and what complete would do."""

    paths: tyro.conf.Positional[tuple[Path, ...]]
    """The bag: .bag, .mcap or .db3 files, or a folder."""
    align: bool = False
    """Estimate time offset and rotation between camera and lidar, say what to do, and write
    --align-picture; a minute where there is much to see."""
    align_picture: Path = Path("align.png")
    """Where --align draws the points on some images."""
    reads: Annotated[PlanWishes, tyro.conf.arg(name="")] = field(default_factory=PlanWishes)
    pairing: Annotated[PairingConfig, tyro.conf.FlagConversionOff] = field(
        default_factory=PairingConfig
    )


def main(arguments: list[str]) -> int:
    """Parse, look, print; 0 for success, 1 where --align finds that something cannot work."""
    wanted = parsed(Inspect, arguments)
    check_limits(wanted.pairing, "pairing.")
    from rosbag_tools.inspection import inspect_bag  # noqa: PLC0415 - slow to import
    from rosbag_tools.reader import BagReader  # noqa: PLC0415 - likewise

    with BagReader(wanted.paths, stamps=wanted.reads.stamps) as reader:
        print("\n".join(inspect_bag(reader, wanted.reads, wanted.pairing)), flush=True)
        if not wanted.align:
            return 0
        from rosbag_tools.bag_alignment import align_bag  # noqa: PLC0415 - with torch

        findings = align_bag(reader, wanted.reads, wanted.pairing, wanted.align_picture)
    print(f"\nwhat camera and lidar see:\n{render_findings(findings)}")
    return 1 if worst(findings) == "error" else 0


if __name__ == "__main__":
    sys.exit(run_cli(main))
