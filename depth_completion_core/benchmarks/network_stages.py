# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the time of a frame goes, stage by stage, for every network."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from depth_completion_core.benchmarks.plain_projection import CAMERA_FROM_LIDAR, lidar_points
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.onnx_engine import load_engine
from depth_completion_core.checkpoints.onnx_export import export_network
from depth_completion_core.codecs.image import decode_image, encode_image
from depth_completion_core.codecs.pointcloud import encode_points
from depth_completion_core.codecs.points import decode_points
from depth_completion_core.completer import DepthCompleter
from depth_completion_core.files.json_files import write_json
from depth_completion_core.frame import Frame
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.unprojection import pack_xyzrgb
from depth_completion_core.inference.preprocessing import model_input, window_of
from depth_completion_core.inference.timing import Timing, timed_in_turn
from depth_completion_core.models import MODELS, build_model, model_class
from depth_completion_core.models.base import CompletionModel, ModelInput

_SIZES = ((480, 640), (352, 1216))

Results = dict[str, dict[str, dict[str, float]]]


def measure(
    models: Sequence[str],
    *,
    rounds: int,
    threads: Sequence[int],
    device_name: str,
    json_file: Path | None,
) -> None:
    """Measure and print.

    Args:
        models: names of the table; all networks where empty.
        rounds: how often each stage is run.
        threads: of torch on the CPU, one table for each number.
        device_name: as torch names it; auto takes a GPU where there is one, beside the CPU.
        json_file: where the numbers are written, too.
    """
    names = models or tuple(name for name in MODELS if model_class(name).needs_weights)
    results: Results = {}
    for name in names:
        for count in threads:
            torch.set_num_threads(count)
            for size in _SIZES:
                title = f"{name}, {size[0]}x{size[1]}, cpu, {count} threads, float32"
                _show(results, title, _stages(name, size, torch.device("cpu")), rounds)
        if device_name != "cpu" and torch.cuda.is_available():
            device = torch.device("cuda" if device_name == "auto" else device_name)
            for size in _SIZES:
                title = f"{name}, {size[0]}x{size[1]}, {torch.cuda.get_device_name(device)}"
                _show(results, title, _stages(name, size, device), rounds)
                _show(results, f"{title}, network", _precisions(name, size, device), rounds)
    if not torch.cuda.is_available():
        print("\nno GPU here: what autocast and channels_last save there was not measured")
    if json_file:
        write_json(json_file, results)


def _frame(size: tuple[int, int]) -> Frame:
    height, width = size
    camera = CameraModel(
        fx=0.6 * width, fy=0.6 * width, cx=width / 2, cy=height / 2, width=width, height=height
    )
    image = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Frame(
        image=image,
        camera=camera,
        points=lidar_points(full_turn=True),
        camera_from_points=CAMERA_FROM_LIDAR,
    )


def _stages(
    name: str, size: tuple[int, int], device: torch.device
) -> dict[str, Callable[[], object]]:
    """What happens to a frame, one function a stage."""
    frame = _frame(size)
    assert frame.camera is not None and frame.points is not None  # noqa: S101, PT018 - made above
    camera, points = frame.camera, frame.points
    completer = DepthCompleter(_seeded(name), device=device)
    image_message, cloud_message = encode_image(frame.image), encode_points(points)
    sparse = completer.sparse_depth(frame)
    window = window_of(frame.size, completer.config.inference, completer.model.needs)

    def upload() -> ModelInput:
        return model_input([frame], [sparse], window, completer.model.needs, device)

    inputs = upload()
    engine = _engine(completer.model, inputs) if device.type == "cpu" else None
    exported = {} if engine is None else {"network, onnxruntime": lambda: _forward(engine, inputs)}
    return {
        "decode": lambda: (decode_image(image_message), decode_points(cloud_message)),
        "project": lambda: completer.sparse_depth(frame),
        "upload": upload,
        "network": lambda: _forward(completer.model, inputs),
        **exported,
        "whole frame": lambda: completer.complete(frame),
        "pack": lambda: pack_xyzrgb(sparse.depth, sparse.valid, frame.image, camera),
    }


def _engine(model: CompletionModel, inputs: ModelInput) -> CompletionModel | None:
    """The same network as an ONNX file for this size; None where the extra is not installed."""
    height, width = inputs.image.shape[-2:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        try:
            export_network(model, path, size_px=(width, height))
        except CheckpointError as error:
            print(f"\nonnxruntime was not measured: {error}")
            return None
        return load_engine(path, torch.device("cpu"))


def _precisions(
    name: str, size: tuple[int, int], device: torch.device
) -> dict[str, Callable[[], object]]:
    """The network alone in float32, channels_last and under autocast; prints the errors."""
    frame = _frame(size)
    completer = DepthCompleter(_seeded(name), device=device)
    window = window_of(frame.size, completer.config.inference, completer.model.needs)
    sparse = completer.sparse_depth(frame)
    inputs = model_input([frame], [sparse], window, completer.model.needs, device)
    last = _seeded(name).to(device)
    last.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    reference = _forward(completer.model, inputs)
    variants: dict[str, Callable[[], torch.Tensor]] = {
        "float32": lambda: _forward(completer.model, inputs),
        "float32, channels_last": lambda: _forward(last, inputs),
    }
    for dtype in (torch.float16, torch.bfloat16):
        variants[f"autocast {dtype}, channels_last"] = lambda dtype=dtype: _forward(  # type: ignore[misc]
            last, inputs, torch.autocast(device.type, dtype=dtype)
        )
    for label, forward in variants.items():
        error = (forward().float() - reference).abs() / reference.abs().clamp(min=1e-6)
        print(f"  {label}: relative error p50 {error.median():.2e}, largest {error.max():.2e}")
    return dict(variants)


@torch.inference_mode()
def _forward(
    model: CompletionModel,
    inputs: ModelInput,
    precision: AbstractContextManager[object] | None = None,
) -> torch.Tensor:
    with precision or nullcontext():
        return model(inputs).depth.float()  # type: ignore[no-any-return]


def _seeded(name: str) -> CompletionModel:
    torch.manual_seed(0)
    return build_model(name).eval()


def _show(
    results: Results, title: str, stages: dict[str, Callable[[], object]], rounds: int
) -> None:
    synchronize = torch.cuda.synchronize if torch.cuda.is_available() else None
    timings = timed_in_turn(stages, rounds=rounds, synchronize=synchronize)
    results[title] = {name: asdict(timing) for name, timing in timings.items()}
    print("\n".join(_table(title, timings)), flush=True)


def _table(title: str, timings: dict[str, Timing]) -> list[str]:
    lines = ["", title, f"  {'':36}{'p50 ms':>9}{'p99 ms':>9}"]
    return lines + [f"  {name:36}{t.p50_ms:9.2f}{t.p99_ms:9.2f}" for name, t in timings.items()]
