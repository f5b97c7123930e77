# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The suite of synthetic scenes of objects that no recipe trains on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from depth_completion_core.data.readers.world_frames import WorldFrames
from depth_completion_core.data.readers.world_frames_config import WorldFramesConfig
from depth_completion_core.evaluation.conditions import Condition
from depth_completion_core.evaluation.predictors import ModelPredictor, Predictor
from depth_completion_core.evaluation.session import Case, Group, Session
from depth_completion_core.evaluation.tables import Row
from depth_completion_core.files.folder_names import folder_name
from depth_completion_core.world.objects.families import HELD_OUT

HEADINGS = ("measurements", "model")
BASELINES = ("linear", "morphological")
WORLD_SEED = 1000  # recipes train on 0 and validate on 1
FRAMES = 500

# Corners rather than random pixels: so few points usually come from visual odometry, which tracks
# corners and leaves plain walls empty.
_SENSORS = {
    "150 corners": ("corners", 150),
    "500 corners": ("corners", 500),
    "1500 corners": ("corners", 1500),
    "16 lines": ("lidar", 16),
    "64 lines": ("lidar", 64),
}
_SHUFFLED = "500 corners"


def evaluate_held_out(
    session: Session, out: Path, groups: Sequence[Group], *, seed: int
) -> list[Row]:
    """Score models on 500 frames of rooms and streets with objects of the held-out families only.

    Measurements come from sensors with their flaws, in five settings; the truth is clean. In
    ``500 corners, shuffled`` the depths are permuted: a model that uses its measurements is much
    worse there. Networks are scored with and without anchoring.

    Args:
        session: what all cases have in common.
        out: folder for all results.
        groups: models.
        seed: of the shuffling; the scenes and their sensors are always the same.
    """
    groups = [partial(_with_anchored, group) for group in groups]
    rows: list[Row] = []
    scenes = WorldFrames(
        Path(), WorldFramesConfig(seed=WORLD_SEED, frames=FRAMES, families=HELD_OUT)
    )
    for name, (sensor, amount) in _SENSORS.items():
        dataset = scenes.measured_by(sensor, amount)
        conditions = {name: Condition(seed=seed)}
        if name == _SHUFFLED:
            conditions[f"{name}, shuffled"] = Condition(corruption="shuffled:1", seed=seed)
        cases = [
            Case((label,), condition, out / folder_name(label))
            for label, condition in conditions.items()
        ]
        rows += session.evaluate(dataset, "held_out", cases, groups, title=name)
    return rows


def _with_anchored(group: Group) -> list[Predictor]:
    """The models, each network followed by the same network with anchoring."""
    found: list[Predictor] = []
    for predictor in group():
        found.append(predictor)
        anchored = predictor.anchored() if isinstance(predictor, ModelPredictor) else None
        found += [anchored] if anchored else []
    return found
