# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One model on another device and on the CPU: its depth, its scores, one step of training."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from depth_completion_core.checkpoints.checkpoint import save_checkpoint
from depth_completion_core.completer import DepthCompleter
from depth_completion_core.evaluation.command_line import Evaluate
from depth_completion_core.evaluation.runs import evaluate
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.inference.model_input import model_view
from depth_completion_core.inference.timing import timed_in_turn
from depth_completion_core.models import build_model
from depth_completion_core.models.base import CompletionModel, ModelInput

_SIZE, _TRAINED_SIZE, _POINTS = (228, 304), (96, 128), 500


class Comparison(NamedTuple):
    """What came out: the difference in parts of the largest depth, times, and memory."""

    difference: float
    p50_ms: float
    p99_ms: float
    mib: float


def seeded_model(name: str) -> CompletionModel:
    """A model with weights that are the same every time, and that propagates if it can."""
    torch.manual_seed(0)
    model = build_model(name)
    for module_name, module in model.named_modules():
        if module_name.endswith("conv_offset_aff") and isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=0.05)
    return model.eval()


def check_model(model: CompletionModel, device: torch.device, *, rounds: int) -> Comparison:
    """Complete a frame on both."""
    frame = _frame()
    expected = DepthCompleter(model, device="cpu").complete(frame)
    completer = DepthCompleter(model, device=device)
    found = completer.complete(frame)
    difference = _relative(torch.from_numpy(found.depth), torch.from_numpy(expected.depth))
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    before = _allocated(device)
    synchronize = torch.cuda.synchronize if device.type == "cuda" else None
    timing = timed_in_turn(
        {"frame": lambda: completer.complete(frame)}, rounds=rounds, synchronize=synchronize
    )["frame"]
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
    mib = max(peak - before, 0) / 2**20
    return Comparison(difference, timing.p50_ms, timing.p99_ms, mib)


def check_evaluation(name: str, device: torch.device, folder: Path) -> float:
    """How much the mean absolute error of a rendered frame differs, in parts of it."""
    weights = folder / f"{name}.safetensors"
    model = seeded_model(name)
    if model.needs_weights:
        save_checkpoint(weights, name, model, provenance={"source": "random"})
    argument = str(weights) if model.needs_weights else name
    errors = [
        _mae(argument, place, folder / f"{name}-{number}")
        for number, place in enumerate((_CPU, device))
    ]
    weights.unlink(missing_ok=True)
    return abs(errors[1] - errors[0]) / max(errors[0], 1e-9)


def check_training_step(model: CompletionModel, device: torch.device) -> float:
    """How much the gradients of all weights differ, in parts of their length."""
    inputs, truth = _batch()
    expected = _gradients(model, inputs, truth, _CPU)
    found = _gradients(model, inputs, truth, device)
    return float((found - expected).norm() / expected.norm().clamp(min=1e-12))


_CPU = torch.device("cpu")


def _gradients(
    model: CompletionModel, inputs: ModelInput, truth: Tensor, device: torch.device
) -> Tensor:
    # Statistics of a batch would make float32's rounding large where values hardly vary.
    model.to(device).eval()
    model.zero_grad(set_to_none=True)
    view = inputs.target
    sparse, image = view.sparse_depth.to(device), (255 * view.image).to(torch.uint8).to(device)
    output = model(ModelInput(views=(model_view(image, sparse),)))
    known = output.depth.isfinite()
    error = torch.where(known, output.depth - truth.to(device), 0.0).abs().mean()
    error.backward()  # type: ignore[no-untyped-call]
    parts = [item.grad.flatten() for item in model.parameters() if item.grad is not None]
    return torch.cat(parts).double().cpu()


def _batch() -> tuple[ModelInput, Tensor]:
    random = torch.Generator().manual_seed(0)
    height, width = _TRAINED_SIZE
    truth = 1 + 9 * torch.rand(2, 1, height, width, generator=random)
    measured = torch.rand(2, 1, height, width, generator=random) < 0.05
    image = torch.randint(256, (2, 3, height, width), generator=random, dtype=torch.uint8)
    return ModelInput(views=(model_view(image, torch.where(measured, truth, 0.0)),)), truth


def _frame() -> Frame:
    random = np.random.default_rng(0)
    depth = np.zeros(_SIZE, dtype=np.float32)
    chosen = random.choice(depth.size, _POINTS, replace=False)
    depth.reshape(-1)[chosen] = random.uniform(1.0, 10.0, _POINTS)
    image = random.integers(0, 256, (*_SIZE, 3), dtype=np.uint8)
    return Frame(image=image, camera=None, sparse=SparseDepth.from_depth(depth))


def _mae(model: str, device: torch.device, out: Path) -> float:
    wanted = Evaluate(
        model=(model,),
        dataset="synthetic",
        set=("frames=1", "width_px=160", "height_px=120"),
        out=out,
        sheets=0,
        device=str(device),
    )
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        evaluate(wanted)
    results = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["results"]
    return float(results[0]["mean"]["mae_mm"])


def _relative(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).abs().max() / expected.abs().max().clamp(min=1e-9))


def _allocated(device: torch.device) -> int:
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else 0
