# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is counted on frames, and that what is counted is what it is called."""

from __future__ import annotations

import json

import numpy as np
import pytest

from depth_completion_core.world.edges import depth_edges, image_edges, within
from depth_completion_core.world.frame_statistics import counted, frame_statistics, summary
from depth_completion_core.world.scene_sampling import WorldConfig
from depth_completion_core.world.statistics import main
from tests.core.world.small_scenes import rendered, scene_of, wall_and_box


def test_only_jumps_are_edges() -> None:
    """A step is one on both sides; a floor up to the horizon, a ramp, and a fold are none."""
    depth = np.full((40, 60), 4.0, np.float32)
    depth[:, 30:] = 2.0
    everywhere = np.ones(depth.shape, np.bool_)
    columns = np.nonzero(depth_edges(depth, everywhere))[1]
    assert set(columns) == {29, 30}
    floor = (120.0 / (np.arange(40) + 0.4))[:, None].repeat(60, 1).astype(np.float32)
    assert not depth_edges(floor, everywhere).any()
    fold = (1.0 / (0.1 + 0.01 * np.abs(np.arange(60) - 30)))[None].repeat(40, 0)
    assert not depth_edges(fold.astype(np.float32), everywhere).any()
    small = np.where(np.arange(60) < 30, 4.0, 4.1)[None].repeat(40, 0).astype(np.float32)
    assert not depth_edges(small, everywhere).any(), "2.5 % is no jump"


def test_the_sky_has_an_edge() -> None:
    depth = np.full((40, 60), 50.0, np.float32)
    valid = np.ones(depth.shape, np.bool_)
    valid[:10] = False
    rows = np.nonzero(depth_edges(depth, valid))[0]
    assert set(rows) == {9, 10}


def test_edges_of_images_and_what_is_near_them() -> None:
    image = np.zeros((40, 60, 3), np.uint8)
    image[:, 30:] = 120
    columns = np.nonzero(image_edges(image))[1]
    assert set(columns) <= {29, 30}
    assert len(columns) >= 38
    mask = np.zeros((9, 9), np.bool_)
    mask[4, 4] = True
    assert np.count_nonzero(within(mask, 2)) == 25


def test_a_scene_known_by_heart_is_counted_right() -> None:
    """A box of one material before a wall of the same: its outline, and jumps within one."""
    frames = rendered(scene_of(wall_and_box()))
    statistics = counted(frames)
    depth = frames.depth[0].numpy()
    assert statistics.depth_edges == np.count_nonzero(depth_edges(depth, depth > 0))
    side = np.count_nonzero(depth[36] < 4)
    assert statistics.jumps == 2 * np.count_nonzero((depth < 4).any(axis=1))
    assert statistics.same_material == statistics.jumps
    ring = (side + 6) ** 2 - (side - 6) ** 2
    assert statistics.near_edge == pytest.approx(ring / depth.size, rel=0.2)
    assert statistics.visible == 0
    assert statistics.curved_pixels == 0.0


def test_two_materials_are_told_apart() -> None:
    parts = wall_and_box()
    parts[1] = parts[1]._replace(slot=1)
    statistics = counted(rendered(scene_of(parts)))
    assert statistics.jumps > 0
    assert statistics.same_material == 0


def test_a_few_frames_keep_to_the_demand() -> None:
    """The figures of the page are of 500 seeds; these are loose bounds on six small ones."""
    config = WorldConfig(height=120, width=160)
    numbers = summary(frame_statistics(config, seed, 0) for seed in range(6))
    assert numbers["frames"] == 6
    assert numbers["families seen"] >= 8
    assert numbers["visible objects, median"] >= 12
    assert numbers["pixels near depth edges"] >= 0.1
    assert numbers["image edges without depth edge"] >= 0.2
    assert numbers["depth edges without image edge"] >= 0.05
    assert numbers["depth jumps within one material"] >= 0.05


def test_the_command_prints_a_column_for_each_kind(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--frames", "1", "--json"])
    columns = json.loads(capsys.readouterr().out)
    assert set(columns) >= {"all"}
    assert columns["all"]["frames"] == 1
    main(["--frames", "1"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| | all | ")
    assert len(lines) == 2 + len(columns["all"])
