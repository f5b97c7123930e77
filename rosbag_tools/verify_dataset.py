# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m rosbag_tools.verify_dataset DIR``: is a set in VOID's layout whole?"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from depth_completion_core.settings.command_line import parsed
from rosbag_tools.cli import run_cli

if TYPE_CHECKING:
    from depth_completion_core.data.verification.verify import DensitySummary, VerifiedSet


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyDataset:
    """Read every file of a set in VOID's layout and name every fault; exit code 1 for any."""

    folder: tyro.conf.Positional[Path]
    """void_release, or the folder of one density."""
    min_depth: float = 0.0
    """Depth nearer than this is a fault, metres."""
    max_depth: float = 255.99
    """Depth farther than this is a fault, metres; 65535 / 256 is what a PNG saturates at."""
    jobs: int = 0
    """Threads that read; 0 for one per processor, at most 8."""
    show: int = 10
    """Most faults of one kind that are printed; 0 for all. The JSON always has all."""
    json: bool = False
    """Print the result as JSON."""


def main(arguments: list[str]) -> int:
    """Parse, verify, print; 0 where nothing is wrong."""
    wanted = parsed(VerifyDataset, arguments)
    from depth_completion_core.data.verification import verify  # noqa: PLC0415 - slow to import
    from depth_completion_core.data.verification.frames import DepthRange  # noqa: PLC0415

    verified = verify.verify_set(
        wanted.folder,
        within=DepthRange(wanted.min_depth, wanted.max_depth),
        jobs=wanted.jobs,
        is_shown=True,
    )
    if wanted.json:
        print(json.dumps(verified.to_json(), indent=2))
    else:
        print("\n".join(_lines(verified, wanted.show)))
    return 1 if verified.faults else 0


def _lines(verified: VerifiedSet, most: int) -> list[str]:
    from depth_completion_core.data.verification.faults import FAULT_KINDS  # noqa: PLC0415

    lines = [_density_line(density) for density in verified.densities]
    for kind, count in verified.counts.items():
        lines += ["", f"{kind}: {count}; {FAULT_KINDS[kind]}"]
        faults = [fault for fault in verified.faults if fault.kind == kind]
        shown = faults[: most or None]
        lines += [f"  {fault}" for fault in shown]
        if len(shown) < count:
            lines.append(f"  and {count - len(shown)} more; --show 0 prints all")
    counted = f"{len(verified.faults)} faults" if len(verified.faults) > 1 else "1 fault"
    return [*lines, "", counted if verified.faults else "no fault"]


def _density_line(density: DensitySummary) -> str:
    listed = ", ".join(f"{count} to {split}" for split, count in density.listed.items())
    least, median, most = density.points
    sequences = f"{density.sequences} sequence{'s' if density.sequences != 1 else ''}"
    without = f"; without true depth: {', '.join(density.without_truth)}"
    return (
        f"{density.name}: {sequences}, {density.frames} frames ({listed}), "
        f"{least} to {most} points an image, median {median}"
        f"{without if density.without_truth else ''}"
    )


if __name__ == "__main__":
    sys.exit(run_cli(main))
