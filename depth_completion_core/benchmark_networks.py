# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_core.benchmark_networks``: where the time of a frame goes.

Weights are random: the time does not depend on them. On a GPU every measurement waits until the
device is done, and reduced precision is reported with its error against float32.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from depth_completion_core.settings.command_line import parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkNetworks:
    """Stages of a frame for every network, at 480x640 and 352x1216."""

    models: tuple[str, ...] = ()
    """Names of the table; all networks when none is given."""
    rounds: int = 20
    """How often each stage is run."""
    threads: tuple[int, ...] = (1, 2)
    """Threads of torch on the CPU, one table each."""
    device: str = "auto"
    """cpu, cuda, ...; auto takes a GPU where there is one, beside the CPU."""
    json_file: Path | None = None
    """Write the numbers here, too."""


def main(arguments: list[str]) -> int:
    """Parse, measure, print; 0 for success."""
    wanted = parsed(BenchmarkNetworks, arguments)
    from depth_completion_core.benchmarks import network_stages  # noqa: PLC0415 - needs torch

    network_stages.measure(
        wanted.models,
        rounds=wanted.rounds,
        threads=wanted.threads,
        device_name=wanted.device,
        json_file=wanted.json_file,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
