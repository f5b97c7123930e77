# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The suite of drawn scenes with objects that nothing was trained on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.data.sample import DataError
from depth_completion_core.data.world import HELD_OUT, WorldConfig, sample_scene
from depth_completion_core.evaluate import main
from depth_completion_core.evaluation.held_out import FRAMES, WORLD_SEED

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
