# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from depth_completion_core.completer import load_model
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.placed_frame import PlacedFrame
from rosbag_tools.bag_frames import FrameToComplete
from rosbag_tools.demo_picture import scene_picture
from rosbag_tools.demo_scores import COVERED_RADIUS_PX, Row, covered_scores, table

_SIZE = (40, 60)
_MEASURED_AT = [(20, 10), (5, 50)]


def _frame_to_complete() -> FrameToComplete:
    """Two measurements of 2 m; the true depth grows to the right, and the top has none."""
    sparse = np.zeros(_SIZE, np.float32)
    sparse[tuple(zip(*_MEASURED_AT, strict=True))] = 2.0
    truth = np.broadcast_to(2.0 + np.arange(_SIZE[1]) / 10, _SIZE).astype(np.float32).copy()
    truth[:4] = 0
    frame = Frame(
        image=np.full((*_SIZE, 3), 90, np.uint8),
        camera=None,
        sparse=SparseDepth.from_depth(sparse),
    )
    placed = PlacedFrame(
        frame=frame,
        camera_from_frame=RigidTransform.identity(),
        sensor_points=np.zeros((0, 3), np.float32),
        gap_ns=0,
    )
    return FrameToComplete(placed=placed, log_ns=0, truth=SparseDepth.from_depth(truth))


def test_only_pixels_near_a_measurement_are_covered() -> None:
    item = _frame_to_complete()
    assert item.truth is not None
    found = covered_scores([item, item], {"nearest": load_model("nearest")})
    errors, uncovered = [], 0
    for row, column in np.argwhere(item.truth.valid):
        distance = min(np.hypot(row - r, column - c) for r, c in _MEASURED_AT)
        if distance <= COVERED_RADIUS_PX:
            errors.append(abs(item.truth.depth[row, column] - 2.0))
        else:
            uncovered += 1
    assert found.scores["nearest"]["mae_mm"] == pytest.approx(1000 * np.mean(errors), rel=1e-3)
    assert found.uncovered_share == pytest.approx(uncovered / item.truth.count, rel=1e-3)


def test_the_table_says_which_pixels_are_scored_and_what_the_lidar_does_not_cover() -> None:
    scores = {"mae_mm": 200.0, "rmse_mm": 500.0, "rel": 0.1}
    covered = {"mae_mm": 100.0, "rmse_mm": 300.0, "rel": 0.05}
    lines = table([Row("room", "linear", scores, covered, 12.34)], {"room": 0.254})
    assert lines[2].split() == ["room", "linear", "200", "500", "100", "300", "0.1000", "12.3"]
    assert lines[0].index("every") < lines[0].index("covered")
    words = " ".join(lines[3:])
    assert "all pixels with true depth" in words
    assert f"within {COVERED_RADIUS_PX:g} pixels of a measured one" in words
    assert "25 % in the room" in words


def test_the_picture_has_a_column_for_each_model_between_image_and_truth() -> None:
    completers = {"nearest": load_model("nearest"), "linear": load_model("linear")}
    one = scene_picture(_frame_to_complete(), "room", {"nearest": completers["nearest"]})
    both = scene_picture(_frame_to_complete(), "room", completers)
    assert both.shape == (one.shape[0], one.shape[1] + 260, 3)
