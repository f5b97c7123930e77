# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from depth_completion_core import benchmark
from depth_completion_core.benchmarks import (
    fast_paths,
    gpu,
    gpu_models,
    plain_projection,
    propagation,
    view_step,
)
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.projection import project_points
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.inference.timing import timed_in_turn
from depth_completion_core.models.propagation.taps import bilinear_taps

_CAMERA = CameraModel(fx=300.0, fy=310.0, cx=160.2, cy=119.7, width=320, height=240)
_CAMERA_FROM_LIDAR = RigidTransform.from_matrix(
    [[0, -1, 0, 0.1], [0, 0, -1, -0.05], [1, 0, 0, -0.2]]
)


@pytest.mark.parametrize("full_turn", [True, False])
def test_what_is_compared_computes_the_same(full_turn: bool, tmp_path: Path) -> None:
    points = plain_projection.lidar_points(full_turn=full_turn)
    ours, _ = project_points(
        torch.from_numpy(points), _CAMERA, _CAMERA_FROM_LIDAR, min_depth=0.1, max_depth=200.0
    )
    others = [plain_projection.project_with_argsort(points, _CAMERA, _CAMERA_FROM_LIDAR)]
    if shutil.which("cc"):
        library = plain_projection.compiled_reference(tmp_path)
        assert library is not None
        others.append(plain_projection.project_with_c(library, points, _CAMERA, _CAMERA_FROM_LIDAR))
    assert np.count_nonzero(ours.numpy()) > 1000
    for other in others:
        # Pixels on whose border a point falls may differ by rounding.
        assert np.mean(np.abs(ours.numpy() - other) > 1e-3) < 1e-3


def test_both_ways_to_propagate_compute_the_same() -> None:
    group = propagation.propagation_group(12, 17)
    expected = group["grid_sample, batched"]()
    states = group["steps"]()
    assert isinstance(expected, torch.Tensor)
    assert isinstance(states, torch.Tensor)
    torch.testing.assert_close(states[-1], expected, rtol=1e-4, atol=1e-5)
    again = group["taps and steps"]()
    assert isinstance(again, torch.Tensor)
    torch.testing.assert_close(again, states, rtol=0, atol=0)
    plain = group["steps by plain gathers"]()
    torch.testing.assert_close(plain, expected, rtol=1e-4, atol=1e-5)


def test_what_a_gpu_is_compared_with_computes_the_same() -> None:
    start, offset, weight = propagation.random_propagation(12, 17)
    expected = propagation.with_plain_steps(start, bilinear_taps(offset, weight))
    found = propagation.with_deformable_convolution(start, offset, weight)
    torch.testing.assert_close(found, expected)


def test_the_checks_on_a_gpu_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """On a CPU, which is compared with itself."""
    monkeypatch.setattr(gpu, "MODELS", {"nearest": "nearest:Nearest", "cspn": "cspn:CSPN"})
    monkeypatch.setattr(gpu, "_SIZES", ((12, 16),))
    monkeypatch.setattr(gpu_models, "_SIZE", (24, 32))
    monkeypatch.setattr(gpu_models, "_TRAINED_SIZE", (24, 32))
    target = tmp_path / "numbers.json"
    flags = ["--gpu", "--device", "cpu", "--rounds", "1", "--json-file", str(target)]
    assert benchmark.main(flags) == 0
    numbers = json.loads(target.read_text(encoding="utf-8"))
    assert set(numbers["differences"]) == {
        "nearest, completer",
        "nearest, evaluate",
        "cspn, completer",
        "cspn, evaluate",
        "cspn, training step",
    }
    assert max(numbers["differences"].values()) < 1e-5
    assert numbers["ms"]["nlspn, 16x12"]["float32"]["error"] < 1e-4
    assert "the CPU, for a try" in capsys.readouterr().out


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_nothing_was_run_on_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main(["--gpu"]) == 0
    assert "there is no GPU here: nothing was run on one" in capsys.readouterr().out


def test_a_difference_from_the_cpu_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu, "_compared", lambda *_: ({"nearest, completer": 0.01}, {}))
    monkeypatch.setattr(gpu, "_SIZES", ((12, 16),))
    monkeypatch.setattr(gpu, "measure_network", lambda *_, **__: {})
    assert gpu.check("cpu", rounds=1, json_file=None) == 1
    assert "nearest, completer differs from the CPU by 1.0e-02" in capsys.readouterr().out


def test_functions_take_turns() -> None:
    calls: list[str] = []
    timings = timed_in_turn(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3
    )
    assert calls == ["a", "b"] * 5
    assert timings["a"].rounds == 3
    assert 0 <= timings["b"].min_ms <= timings["b"].p50_ms <= timings["b"].p99_ms


def test_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it, on small images where time grows with them."""
    models = fast_paths._model_group
    monkeypatch.setattr(fast_paths, "_model_group", lambda *_: models(64, 48, 200))
    monkeypatch.setattr(
        fast_paths, "propagation_group", lambda *_: propagation.propagation_group(12, 16)
    )
    target = tmp_path / "numbers.json"
    assert benchmark.main(["--rounds", "1", "--json-file", str(target)]) == 0
    numbers = json.loads(target.read_text(encoding="utf-8"))
    printed = capsys.readouterr().out
    assert "project_points" in printed
    for title, group in numbers.items():
        assert title in printed
        assert all(timing["p50_ms"] > 0 for timing in group.values())


@pytest.mark.parametrize(
    ("only", "name", "other"),
    [
        ("projection", "with distortion", "filter_occluded"),
        ("occlusion", "filter_occluded", "pack_xyzrgb"),
        ("packing", "pack_xyzrgb", "filter_occluded"),
    ],
)
def test_one_kind_alone(
    only: str, name: str, other: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert benchmark.main(["--only", only, "--rounds", "1"]) == 0
    printed = capsys.readouterr().out
    assert name in printed
    assert other not in printed


def test_a_training_step_is_split(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_step, "_SIZE", (32, 64))
    monkeypatch.setattr(view_step, "_POINTS", 0.5)
    target = tmp_path / "numbers.json"
    flags = ["--step", "--rounds", "1", "--json-file", str(target)]
    assert benchmark.main(flags) == 0
    (parts,) = json.loads(target.read_text(encoding="utf-8")).values()
    assert set(parts) == {
        "whole step",
        "networks",
        "warping",
        "losses",
        "warping, with visibility",
    }
    assert all(timing["p50_ms"] > 0 for timing in parts.values())
    assert "100.0 %" in capsys.readouterr().out
