# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_core.benchmark``: the fast paths against plain ones, as ratios."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from depth_completion_core.settings.command_line import parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """Times of projection, packing, propagation and the classical models on the CPU."""

    only: Literal["all", "projection", "occlusion", "packing", "propagation", "models"] = "all"
    """Of which kind functions are measured."""
    rounds: int = 100
    """How often each function is called."""
    threads: int = 0
    """Threads of torch and OpenCV; 0 leaves their choice."""
    json_file: Path | None = None
    """Write the numbers here, too."""
    gpu: bool = False
    """Instead, compare every model on a GPU with the CPU, and measure it there: under 5 minutes."""
    step: bool = False
    """Instead, split a training step of FusionNet without true depth into networks, warping and
    losses, on the CPU; takes a twentieth of the rounds."""
    device: str = "cuda"
    """Where --gpu runs: cuda, cuda:1, ..., or cpu, to see that it would."""


def main(arguments: list[str]) -> int:
    """Parse, measure, print; 0 for success."""
    wanted = parsed(Benchmark, arguments)
    if wanted.gpu:
        from depth_completion_core.benchmarks import gpu  # noqa: PLC0415 - needs torch

        return gpu.check(wanted.device, rounds=wanted.rounds, json_file=wanted.json_file)
    if wanted.step:
        from depth_completion_core.benchmarks import view_step  # noqa: PLC0415 - needs torch

        rounds = max(wanted.rounds // 20, 1)
        view_step.measure(rounds=rounds, threads=wanted.threads, json_file=wanted.json_file)
        return 0
    from depth_completion_core.benchmarks import fast_paths  # noqa: PLC0415 - needs torch

    fast_paths.measure(
        only="" if wanted.only == "all" else wanted.only,
        rounds=wanted.rounds,
        threads=wanted.threads,
        json_file=wanted.json_file,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
