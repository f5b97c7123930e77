# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every model on a GPU: whether it says there what it says on the CPU, and how fast it is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from depth_completion_core.benchmarks.gpu_models import (
    check_evaluation,
    check_model,
    check_training_step,
    seeded_model,
)
from depth_completion_core.benchmarks.gpu_propagation import measure_network, measure_steps
from depth_completion_core.files.json_files import write_json
from depth_completion_core.models import MODELS, model_class

MOST_DIFFERENCE = 1e-3
"""Of what a GPU says from what the CPU says, in parts of the largest value."""
_SIZES = ((228, 304), (240, 1216))


def check(device_name: str, *, rounds: int, json_file: Path | None) -> int:
    """Run all of it, print, and write the numbers.

    Args:
        device_name: as torch names it; the CPU is compared with itself, for a try.
        rounds: how often what is timed is run.
        json_file: where the numbers are written, too.

    Returns:
        0 where everything agrees, or where there is no GPU, which is said; else 1.
    """
    device = torch.device(device_name)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("there is no GPU here: nothing was run on one")
        return 0
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "the CPU, for a try"
    print(f"{name}, torch {torch.__version__}, float32 without TF32")
    with _without_tf32(), tempfile.TemporaryDirectory() as folder:
        differences, numbers = _compared(device, rounds, Path(folder))
        for height, width in _SIZES:
            numbers |= measure_steps(height, width, device, rounds=rounds)
        numbers |= measure_network(*_SIZES[-1], device, rounds=max(rounds // 5, 3))
    bad = {what: value for what, value in differences.items() if not value <= MOST_DIFFERENCE}
    for what, value in bad.items():
        print(f"problem: {what} differs from the CPU by {value:.1e}, more than {MOST_DIFFERENCE:g}")
    if not bad:
        print(f"\nnothing differs from the CPU by more than {max(differences.values()):.1e}")
    if json_file:
        write_json(json_file, {"device": name, "differences": differences, "ms": numbers})
    return 1 if bad else 0


def _compared(
    device: torch.device, rounds: int, folder: Path
) -> tuple[dict[str, float], dict[str, object]]:
    """Differences from the CPU, and times, by what they are of."""
    differences: dict[str, float] = {}
    numbers: dict[str, object] = {}
    print(f"\n{'':22}{'difference':>12}{'p50 ms':>9}{'p99 ms':>9}{'MiB':>8}")
    for name in MODELS:
        found = check_model(seeded_model(name), device, rounds=max(rounds // 10, 3))
        differences[f"{name}, completer"] = found.difference
        numbers[f"{name}, frame"] = {"p50": found.p50_ms, "p99": found.p99_ms, "MiB": found.mib}
        times = f"{found.p50_ms:9.2f}{found.p99_ms:9.2f}{found.mib:8.0f}"
        print(f"{name:22}{found.difference:12.1e}{times}", flush=True)
        differences[f"{name}, evaluate"] = check_evaluation(name, device, folder)
        if model_class(name).needs_weights:
            step = check_training_step(seeded_model(name), device)
            differences[f"{name}, training step"] = step
            print(f"{'  a training step':22}{step:12.1e}", flush=True)
    return differences, numbers


@contextmanager
def _without_tf32() -> Iterator[None]:
    """TF32 rounds to 10 bits: no fault would be seen behind it."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before
