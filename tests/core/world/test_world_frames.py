# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The drawn world as a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.world_frames import WorldFrames
from depth_completion_core.data.readers.world_frames_config import WorldFramesConfig
from depth_completion_core.data.sample import DataError, DepthDataset
from depth_completion_core.data.sampling.sparsify import SparsifierError
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.world.render import render_frames
from depth_completion_core.world.scene_sampling import WorldConfig
from depth_completion_core.world.sensors.sensor_setup import SENSOR_KINDS

SMALL = {"width_px": 64, "height_px": 48, "frames": 2, "kind": "room"}


def _world(**config: Any) -> DepthDataset:  # noqa: ANN401
    return build_dataset("world", None, {**SMALL, **config})


def test_samples_are_the_worlds_frames() -> None:
    world = _world(seed=2, first=3)
    assert world.names == ["2/000003", "2/000004"]
    assert len(world) == 2
    sample = world[1]
    frames = render_frames(WorldConfig(height=48, width=64, kind="room"), 2, [4])
    assert sample.name == "2/000004"
    np.testing.assert_array_equal(sample.image, frames.image[0].permute(1, 2, 0).numpy())
    assert sample.truth is not None
    np.testing.assert_array_equal(sample.truth.depth, frames.depth[0].numpy())
    np.testing.assert_array_equal(sample.truth.valid, frames.valid[0].numpy())
    assert sample.camera == frames.scenes[0].camera
    sample.frame()


def test_other_sensors_measure_the_same_rendered_frames() -> None:
    world = WorldFrames(Path(), WorldFramesConfig(width_px=64, height_px=48, frames=2, seed=2))
    siblings = [world.measured_by("uniform", 50), world.measured_by("lidar", 16)]
    for sibling, (sensor, amount) in zip(siblings, (("uniform", 50), ("lidar", 16)), strict=True):
        alone = build_dataset(
            "world", None, {**SMALL, "kind": "mixed", "seed": 2, "sensor": sensor, "amount": amount}
        )
        for number in range(2):
            one, other = sibling[number], alone[number]
            np.testing.assert_array_equal(one.image, other.image)
            assert one.sparse is not None
            assert other.sparse is not None
            np.testing.assert_array_equal(one.sparse.depth, other.sparse.depth)
    assert siblings[0]._rendered(1) is siblings[1]._rendered(1)


@pytest.mark.parametrize(
    ("kind", "sensor"),
    [
        *(("room", sensor) for sensor in ("any", *SENSOR_KINDS, "uniform:80", "corners:20:1.5")),
        *(("street", sensor) for sensor in ("any", "lidar", "corners")),
    ],
)
def test_every_sensor_measures_the_same_again(sensor: str, kind: str) -> None:
    first, again = (_world(sensor=sensor, kind=kind)[0] for _ in range(2))
    assert first.sparse is not None
    assert again.sparse is not None
    np.testing.assert_array_equal(first.sparse.depth, again.sparse.depth)
    assert first.sparse.depth.shape == (48, 64)
    assert np.isfinite(first.sparse.depth).all()
    assert np.array_equal(first.sparse.valid, first.sparse.depth > 0)
    if sensor == "uniform:80":
        assert first.truth is not None
        assert first.sparse.count == 80
        there = first.sparse.valid
        np.testing.assert_array_equal(first.sparse.depth[there], first.truth.depth[there])


def test_a_frame_does_not_depend_on_where_the_set_begins() -> None:
    last, same = _world(first=5)[-1], _world(first=6)[0]
    assert last.name == same.name
    np.testing.assert_array_equal(last.image, same.image)
    assert last.sparse is not None
    assert same.sparse is not None
    np.testing.assert_array_equal(last.sparse.depth, same.sparse.depth)
    with pytest.raises(IndexError, match="2 frames"):
        _world()[2]


def test_families_are_chosen_and_left_out() -> None:
    few = _world(families=["table", "sphere"])[0]
    all_others = _world(without=["table", "sphere"])[0]
    assert few.truth is not None
    assert all_others.truth is not None
    assert not np.array_equal(few.truth.depth, all_others.truth.depth)


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        ({"families": ["cupboard"]}, DataError, "unknown family 'cupboard'; known are basket"),
        ({"without": ["cupboard"]}, DataError, "unknown family"),
        ({"kind": "mixed", "families": ["sofa"]}, DataError, "no family is left for a street"),
        ({"kind": "forest"}, ConfigError, "room"),
        ({"sensor": "sonar"}, SparsifierError, "sonar"),
        ({"width_px": 8}, ConfigError, "16"),
        ({"frames": 0}, ConfigError, "1"),
        ({"seed": -1}, ConfigError, "0"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_once(
    config: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _world(**config)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is there")
def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match="cuda"):
        _world(device="cuda")
    with pytest.raises(DataError, match="device 'gpu'"):
        _world(device="gpu")
