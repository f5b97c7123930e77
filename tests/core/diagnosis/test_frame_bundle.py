# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core import infer
from depth_completion_core.completer import load_model
from depth_completion_core.config import CompletionConfig
from depth_completion_core.diagnosis.frame_bundle import (
    BUNDLE_NAMES,
    replay_command,
    write_bundle,
)
from depth_completion_core.frame import Frame
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.output_topics import CompletedFrame
from depth_completion_core.sensing.placed_frame import PlacedFrame
from depth_completion_core.settings.mapping import config_from_mapping


def _completed(config: CompletionConfig) -> CompletedFrame:
    random = np.random.default_rng(0)
    camera = CameraModel(fx=60.0, fy=60.0, cx=31.5, cy=23.5, width=64, height=48)
    points = random.uniform((-2, -1.5, 3), (2, 1.5, 6), (300, 3)).astype(np.float32)
    frame = Frame(
        image=random.integers(0, 255, (48, 64, 3), dtype=np.uint8),
        camera=camera,
        points=points,
        camera_from_points=RigidTransform.identity(),
        stamp_ns=1_700_000_000_000_000_005,
        frame_id="optical",
    )
    placed = PlacedFrame(
        frame=frame,
        camera_from_frame=RigidTransform.identity(),
        sensor_points=points,
        gap_ns=3_000_000,
    )
    prediction = load_model("linear", device="cpu", config=config).complete(frame)
    return CompletedFrame(placed=placed, prediction=prediction, cloud=config.cloud)


def test_the_command_of_a_bundle_gives_the_same_depth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "output": {"support_radius_px": 4.0, "preserve_measurements": True},
        "inference": {"roi_px": [8, 8, 48, 32]},
    }
    config = config_from_mapping(CompletionConfig, settings)
    done = _completed(config)
    write_bundle(tmp_path, done, model="linear", config=config)
    monkeypatch.chdir(tmp_path)
    words = shlex.split((tmp_path / "replay.txt").read_text())
    assert words[:3] == ["python", "-m", "depth_completion_core.infer"]
    assert infer.main(words[3:]) == 0
    replayed = np.load(next((tmp_path / "replayed" / "output_depth").glob("*.npy")))
    np.testing.assert_array_equal(replayed, done.prediction.depth)
    saved = np.load(next((tmp_path / "depth").glob("*.npy")))
    np.testing.assert_array_equal(saved, done.prediction.depth)


def test_a_bundle_says_where_it_came_from(tmp_path: Path) -> None:
    config = CompletionConfig()
    write_bundle(tmp_path, _completed(config), model="linear", config=config)
    assert {item.name for item in tmp_path.iterdir()} <= BUNDLE_NAMES
    facts = json.loads((tmp_path / "frame.json").read_text())
    assert facts["stamp_ns"] == 1_700_000_000_000_000_005
    assert facts["pair_gap_ms"] == 3.0
    assert facts["settings"]["pairing"]["slop_ms"] == config.pairing.slop_ms
    assert np.array(facts["camera_from_points"]).shape == (4, 4)
    assert (tmp_path / "preview.png").stat().st_size > 1000


def test_defaults_need_no_flags() -> None:
    assert "--output" not in replay_command("linear", CompletionConfig())
