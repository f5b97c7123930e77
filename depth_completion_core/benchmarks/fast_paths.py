# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The fast paths on the CPU against plain ones: projection, packing, models and more."""

from __future__ import annotations

import ctypes
import platform
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch

from depth_completion_core.benchmarks.plain_projection import (
    CAMERA_FROM_LIDAR,
    MAX_DEPTH,
    MIN_DEPTH,
    compiled_reference,
    lidar_points,
    project_with_argsort,
    project_with_c,
)
from depth_completion_core.benchmarks.propagation import propagation_group
from depth_completion_core.completer import load_model
from depth_completion_core.config import OcclusionConfig
from depth_completion_core.files.json_files import write_json
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.occlusion import filter_occluded
from depth_completion_core.geometry.projection import project_points
from depth_completion_core.geometry.unprojection import pack_xyzrgb
from depth_completion_core.inference.timing import Timing, timed_in_turn
from depth_completion_core.models import MODELS, model_class

_CAMERA = CameraModel(fx=721.5, fy=721.5, cx=609.5, cy=172.9, width=1216, height=352)
_BARREL = (-0.37, 0.2, 0.001, 0.0005, -0.07)

Group = dict[str, Callable[[], object]]


def measure(*, only: str, rounds: int, threads: int, json_file: Path | None) -> None:
    """Measure and print.

    Args:
        only: a word in the titles of the groups that are measured; empty for all.
        rounds: how often each function is called; models a fifth of it.
        threads: of torch; 0 leaves its choice.
        json_file: where the numbers are written, too.
    """
    if threads:
        torch.set_num_threads(threads)
    print(
        f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, torch "
        f"{torch.__version__}, numpy {np.__version__}; each group's functions in turn"
    )
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        reference = compiled_reference(Path(folder))
        if reference is None:
            print("no C compiler (cc) here: the C loop is left out")
        chosen = {title: group for title, group in _groups(reference).items() if only in title}
        for title, group in chosen.items():
            timings = timed_in_turn(group(), rounds=_rounds_for(title, rounds))
            results[title] = {name: asdict(timing) for name, timing in timings.items()}
            print("\n".join(_table(title, timings)), flush=True)
    if json_file:
        write_json(json_file, results)


def _groups(reference: ctypes.CDLL | None) -> dict[str, Callable[[], Group]]:
    """What makes the functions to compare, by title; the first of each group is the yardstick."""
    groups: dict[str, Callable[[], Group]] = {}
    for view, full_turn in (("whole turn", True), ("all in view", False)):
        title = f"projection + z-buffer, 130,000 points ({view}) into 1216x352"
        groups[title] = partial(_projection_group, reference, full_turn=full_turn)
    groups["projection in view, lens distorted (plumb_bob)"] = _distorted_group
    groups["occlusion filter, 1216x352"] = _occlusion_group
    groups["packing to XYZRGB, 1280x720 depth (14.7 MB)"] = _packing_group
    for height, width in ((228, 304), (240, 1216)):
        title = f"propagation, 18 steps to 9 neighbours, {width}x{height}"
        groups[title] = partial(propagation_group, height, width)
    groups["models, 640x480 with 1,500 points"] = partial(_model_group, 640, 480, 1_500)
    groups["models, 1242x375 with 16,000 points"] = partial(_model_group, 1242, 375, 16_000)
    return groups


def _projection_group(reference: ctypes.CDLL | None, *, full_turn: bool) -> Group:
    points = lidar_points(full_turn=full_turn)
    tensor = torch.from_numpy(points)
    group: Group = {}
    if reference is not None:
        group["C loop"] = lambda: project_with_c(reference, points, _CAMERA, CAMERA_FROM_LIDAR)
    group["project_points"] = lambda: _project(tensor, _CAMERA)
    group["numpy argsort"] = lambda: project_with_argsort(points, _CAMERA, CAMERA_FROM_LIDAR)
    return group


def _distorted_group() -> Group:
    tensor = torch.from_numpy(lidar_points(full_turn=False))
    bent = CameraModel.from_matrix(
        _CAMERA.K,
        width=_CAMERA.width,
        height=_CAMERA.height,
        distortion_model="plumb_bob",
        distortion=_BARREL,
    )
    return {
        "without distortion": lambda: _project(tensor, _CAMERA),
        "with distortion": lambda: _project(tensor, bent),
    }


def _occlusion_group() -> Group:
    points = torch.from_numpy(lidar_points(full_turn=True))
    depth, valid = _project(points, _CAMERA)
    return {
        "projection": lambda: _project(points, _CAMERA),
        "filter_occluded": lambda: filter_occluded(depth, valid, OcclusionConfig()),
    }


def _packing_group() -> Group:
    random = np.random.default_rng(0)
    depth = random.uniform(0.5, 9.0, (720, 1280)).astype(np.float32)
    valid = depth < 8.0
    image = random.integers(0, 255, (720, 1280, 3), dtype=np.uint8)
    camera = CameraModel(fx=700, fy=700, cx=639.5, cy=359.5, width=1280, height=720)
    packed = pack_xyzrgb(depth, valid, image, camera)
    return {
        "copy of the same bytes": packed.copy,
        "pack_xyzrgb, organised": lambda: pack_xyzrgb(depth, valid, image, camera),
        "pack_xyzrgb, valid points only": lambda: pack_xyzrgb(
            depth, valid, image, camera, organized=False
        ),
    }


def _model_group(width: int, height: int, count: int) -> Group:
    random = np.random.default_rng(0)
    depth = np.zeros((height, width), dtype=np.float32)
    chosen = random.choice(depth.size, count, replace=False)
    depth.reshape(-1)[chosen] = random.uniform(1.0, 40.0, count)
    image = random.integers(0, 255, (height, width, 3), dtype=np.uint8)
    camera = CameraModel(fx=700, fy=700, cx=width / 2, cy=height / 2, width=width, height=height)
    frame = Frame(image=image, camera=camera, sparse=SparseDepth.from_depth(depth))
    classical = (name for name in MODELS if not model_class(name).needs_weights)
    return {name: _completion(name, frame) for name in classical}


def _completion(name: str, frame: Frame) -> Callable[[], object]:
    completer = load_model(name, device="cpu")
    return lambda: completer.complete(frame)


def _project(points: torch.Tensor, camera: CameraModel) -> tuple[torch.Tensor, torch.Tensor]:
    return project_points(
        points, camera, CAMERA_FROM_LIDAR, min_depth=MIN_DEPTH, max_depth=MAX_DEPTH
    )


def _rounds_for(title: str, rounds: int) -> int:
    """Models are slow: fewer rounds tell enough."""
    return max(rounds // 5, 3) if title.startswith("models") else rounds


def _table(title: str, timings: dict[str, Timing]) -> list[str]:
    yardstick = next(iter(timings.values()))
    lines = ["", title, f"  {'':32}{'p50 ms':>9}{'p99 ms':>9}{'min ms':>9}{'p50 ratio':>11}"]
    for name, timing in timings.items():
        numbers = f"{timing.p50_ms:9.3f}{timing.p99_ms:9.3f}{timing.min_ms:9.3f}"
        lines.append(f"  {name:32}{numbers}{timing.p50_ms / yardstick.p50_ms:11.2f}")
    return lines
