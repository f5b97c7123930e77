# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The suite of drawn scenes with objects that nothing was trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from depth_completion_core.checkpoints.checkpoint import save_checkpoint
from depth_completion_core.completer import load_model
from depth_completion_core.config import AnchoringConfig, CompletionConfig, OutputConfig
from depth_completion_core.data import build_dataset
from depth_completion_core.data.sample import DataError
from depth_completion_core.evaluate import main
from depth_completion_core.evaluation.held_out import FRAMES, WORLD_SEED, _with_anchored
from depth_completion_core.evaluation.predictors import model_sources
from depth_completion_core.models.scaffnet import ScaffNet
from depth_completion_core.world.objects.families import HELD_OUT
from depth_completion_core.world.scene_sampling import WorldConfig, sample_scene

_SETTINGS = ("150 corners", "500 corners", "500 corners, shuffled", "1500 corners", "16 lines")
_MODELS = ("nearest", "linear", "morphological")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("held_out")
    arguments = ["--suite", "held_out", "--model", "nearest", "--limit", "2", "--sheets", "0"]
    assert main([*arguments, "--out", str(out), "--device", "cpu"]) == 0
    found: dict[str, Any] = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert (out / "table.md").is_file()
    return found


def test_every_setting_beside_the_baselines(report: dict[str, Any]) -> None:
    rows = [(row["measurements"], row["model"]) for row in report["results"]]
    assert rows == [(name, model) for name in (*_SETTINGS, "64 lines") for model in _MODELS]
    assert report["world_seed"] == WORLD_SEED
    assert all(row["images"] == row["frames"] == 2 for row in report["results"])
    assert all(row["mean"]["coverage"] > 0.9 for row in report["results"])


def test_more_points_are_more_and_shuffled_ones_mislead(report: dict[str, Any]) -> None:
    linear = {row["measurements"]: row for row in report["results"] if row["model"] == "linear"}
    points = [linear[name]["measured_pixels"] for name in ("150 corners", "500 corners")]
    assert points[0] <= 150 < points[1] <= 500
    shuffled = linear["500 corners, shuffled"]
    assert shuffled["measured_pixels"] == linear["500 corners"]["measured_pixels"]
    assert shuffled["mean"]["rel"] > 2 * linear["500 corners"]["mean"]["rel"]


def test_scenes_show_held_out_families_alone() -> None:
    config = WorldConfig(families=HELD_OUT)
    for number in range(0, FRAMES, 100):
        families = set(sample_scene(config, WORLD_SEED, number).families)
        assert families
        assert families <= set(HELD_OUT)


def test_networks_have_a_second_row_with_anchoring(tmp_path: Path) -> None:
    """Off, it is the network; on, the same network as a completer with that setting gives it."""
    path = tmp_path / "network.safetensors"
    torch.manual_seed(0)
    save_checkpoint(path, "scaffnet", ScaffNet(), provenance={})
    (source,) = model_sources([str(path)])
    plain = source.load("cpu", CompletionConfig())
    anchored = plain.anchored()
    assert anchored is not None
    assert anchored.label == "network anchored"
    assert anchored.identity != plain.identity
    assert anchored.anchored() is None
    (baseline,) = model_sources(["linear"])
    assert baseline.load("cpu", CompletionConfig()).anchored() is None
    sample = build_dataset("world", config={"width_px": 64, "height_px": 64})[0]
    output = OutputConfig(anchoring=AnchoringConfig(enabled=True))
    completer = load_model(str(path), device="cpu", config=CompletionConfig(output=output))
    expected = completer.complete(sample.frame()).depth
    found, _ = anchored.predict(sample)
    np.testing.assert_array_equal(found.depth, expected)
    assert (plain.predict(sample)[0].depth != expected).any()
    rows = _with_anchored(lambda: [plain])
    assert [row.label for row in rows] == ["network", "network anchored"]


@pytest.mark.parametrize(
    ("sensor", "amount", "message"),
    [
        ("lidar", 20, "no lidar has 20 lines; there are some of 8, 16, 32, 64"),
        ("any", 500, "the amount 500 is that of one sensor, but the sensor is 'any'"),
        ("uniform:500", 500, "the sensor is 'uniform:500'"),
        ("rgbd", 500, "measures every pixel"),
    ],
)
def test_amounts_that_cannot_be(sensor: str, amount: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        build_dataset("world", config={"sensor": sensor, "amount": amount})
