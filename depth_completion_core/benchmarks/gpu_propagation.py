# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Propagation, and a network that propagates, on a GPU: fast and plain in the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from depth_completion_core.benchmarks.gpu_models import seeded_model
from depth_completion_core.benchmarks.propagation import (
    STEPS,
    random_propagation,
    with_deformable_convolution,
    with_grid_sample,
    with_plain_steps,
)
from depth_completion_core.inference.model_input import model_view
from depth_completion_core.inference.timing import timed_in_turn
from depth_completion_core.models.base import CompletionModel, ModelInput
from depth_completion_core.models.propagation.engine import propagate, steps_by
from depth_completion_core.models.propagation.steps import plain_step
from depth_completion_core.models.propagation.taps import bilinear_taps

Numbers = dict[str, object]


@torch.inference_mode()
def measure_steps(height: int, width: int, device: torch.device, *, rounds: int) -> Numbers:
    """18 steps to 9 neighbours, each way, with their errors against float64 on the CPU."""
    drawn = random_propagation(height, width)
    start, offset, weight = (each.to(device) for each in drawn)
    taps = bilinear_taps(offset, weight)
    ways: dict[str, Callable[[], Tensor]] = {
        "taps and steps": lambda: propagate(start, bilinear_taps(offset, weight), steps=STEPS)[-1],
        "steps": lambda: propagate(start, taps, steps=STEPS)[-1],
        "steps by plain gathers": lambda: with_plain_steps(start, taps),
        "as deform_conv2d": lambda: with_deformable_convolution(start, offset, weight),
        "grid_sample, batched": lambda: with_grid_sample(start, offset, weight),
    }
    doubled = [each.double() for each in drawn]
    exact = with_plain_steps(doubled[0], bilinear_taps(*doubled[1:]))
    return _measured(f"propagation, {STEPS} steps, {width}x{height}", ways, exact, device, rounds)


@torch.inference_mode()
def measure_network(height: int, width: int, device: torch.device, *, rounds: int) -> Numbers:
    """NLSPN whole, plain eager float32 first, with the errors of the others against it."""
    model, inputs = seeded_model("nlspn").to(device), _inputs(height, width, device)
    last = seeded_model("nlspn").to(device)
    last.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def plain() -> Tensor:
        with steps_by(plain_step):
            return _depth(model, inputs)

    ways: dict[str, Callable[[], Tensor]] = {
        "plain eager float32": plain,
        "float32": lambda: _depth(model, inputs),
        "float32, channels_last": lambda: _depth(last, inputs),
    }
    for dtype in (torch.bfloat16, torch.float16):
        name = f"{str(dtype).removeprefix('torch.')} trunk, channels_last"
        ways[name] = lambda dtype=dtype: _depth(last, inputs, dtype)  # type: ignore[misc]
    exact = plain().double().cpu()
    return _measured(f"nlspn, {width}x{height}", ways, exact, device, rounds)


def _depth(model: CompletionModel, inputs: ModelInput, dtype: torch.dtype | None = None) -> Tensor:
    device = inputs.image.device.type
    with torch.autocast(device, dtype=dtype) if dtype is not None else nullcontext():
        depth: Tensor = model(inputs).depth
    return depth


def _inputs(height: int, width: int, device: torch.device) -> ModelInput:
    random = torch.Generator().manual_seed(0)
    image = torch.randint(256, (1, 3, height, width), generator=random, dtype=torch.uint8)
    measured = torch.rand(1, 1, height, width, generator=random) < 0.05
    depth = torch.where(measured, 10 * torch.rand(1, 1, height, width, generator=random), 0.0)
    return ModelInput(views=(model_view(image.to(device), depth.to(device)),))


def _measured(
    title: str,
    ways: Mapping[str, Callable[[], Tensor]],
    exact: Tensor,
    device: torch.device,
    rounds: int,
) -> Numbers:
    synchronize = torch.cuda.synchronize if device.type == "cuda" else None
    timings = timed_in_turn(ways, rounds=rounds, synchronize=synchronize)
    numbers: dict[str, Any] = {}
    print(f"\n{title:38}{'p50 ms':>9}{'p99 ms':>9}{'error':>10}")
    for name, way in ways.items():
        error = float((way().double().cpu() - exact).abs().max() / exact.abs().max())
        timing = timings[name]
        numbers[name] = {**asdict(timing), "error": error}
        print(f"  {name:36}{timing.p50_ms:9.3f}{timing.p99_ms:9.3f}{error:10.1e}", flush=True)
    return {title: numbers}
