# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A lidar that drives towards a wall while it turns: the wall stays where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.accumulation_config import AccumulationConfig
from rosbag_tools.completion_plan import Plan, make_plan
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader
from rosbag_tools.recording import (
    RecordedEvent,
    RecordedImage,
    RecordedPose,
    RecordedSweep,
    Recording,
    write_recording,
)
from rosbag_tools.sweep_accumulator import SweepAccumulator
from rosbag_tools.wishes import PlanWishes

_MS = 1_000_000
_START_NS = 1_700_000_000 * 10**9
_WALL_X, _SPEED = 20.0, 5.0  # metres, metres per second
_CAMERA = CameraModel(fx=60, fy=60, cx=31.5, cy=23.5, width=64, height=48)
_BASE_FROM_CAMERA = RigidTransform(np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]), np.zeros(3))
_BASE_FROM_LIDAR = RigidTransform(np.eye(3), np.array([0.0, 0.1, 0.2]))
_CONFIG = AccumulationConfig(sweeps_before=2, sweeps_after=2)


def _x_at(after_ns: float) -> float:
    return _SPEED * after_ns / 1e9


def _sweep(after_ns: int) -> RecordedSweep:
    """16 lines of 100 columns; each column is fired 1 ms after the one before."""
    elevation, azimuth = np.meshgrid(
        np.radians(np.linspace(-18, 18, 16)), np.radians(np.linspace(-25, 25, 100)), indexing="ij"
    )
    offset_ns = np.broadcast_to(np.arange(100) * _MS, azimuth.shape)
    x = _WALL_X - _SPEED * (after_ns + offset_ns) / 1e9
    y, z = x * np.tan(azimuth), x * np.tan(elevation) / np.cos(azimuth)
    return RecordedSweep(
        stamp_ns=_START_NS + after_ns,
        xyz=np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(np.float32),
        fields={"t": offset_ns.astype(np.uint32).ravel()},
        duration_ns=100 * _MS,
    )


def _events(*, moves: bool) -> Iterator[RecordedEvent]:
    for after_ns in range(0, 1100 * _MS, 10 * _MS):
        if moves:
            place = RigidTransform(np.eye(3), np.array([_x_at(after_ns), 0.0, 0.0]))
            yield RecordedPose(stamp_ns=_START_NS + after_ns, odom_from_base=place)
        if after_ns % (100 * _MS) == 0 and after_ns < 900 * _MS:
            yield _sweep(after_ns)
        if after_ns % (100 * _MS) == 50 * _MS:
            image = np.zeros((_CAMERA.height, _CAMERA.width, 3), np.uint8)
            yield RecordedImage(stamp_ns=_START_NS + after_ns, image=image)


def _written(path: Path, *, moves: bool = True) -> Path:
    recording = Recording(
        camera=_CAMERA,
        image_topic="image_rect",
        base_from_camera=_BASE_FROM_CAMERA,
        base_from_lidar=_BASE_FROM_LIDAR,
        events=_events(moves=moves),
    )
    write_recording(recording, path)
    return path


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(tmp_path_factory.mktemp("wall") / "bag.mcap")


def _plan(reader: BagReader) -> Plan:
    return make_plan(reader, PlanWishes())


def _image_stamps() -> list[int]:
    return [_START_NS + (50 + 100 * number) * _MS for number in range(11)]


def test_sweeps_of_all_times_agree_on_the_wall(bag: Path) -> None:
    with BagReader([bag]) as reader:
        accumulator = SweepAccumulator(reader, _plan(reader), _CONFIG)
        for stamp_ns in _image_stamps():
            window = accumulator.window(stamp_ns)
            x = _x_at(stamp_ns - _START_NS)
            odom_from_base = RigidTransform(np.eye(3), np.array([x, 0.0, 0.0]))
            truth = window.truth(_CAMERA, odom_from_base @ _BASE_FROM_CAMERA)
            assert truth.count > 900
            np.testing.assert_allclose(truth.depth[truth.valid], _WALL_X - x, atol=2e-3)
            (nearest, *_) = sorted(window.sweeps, key=lambda s: abs(s.stamp_ns - stamp_ns))
            alone = replace(window, sweeps=(nearest,))
            one = alone.truth(_CAMERA, odom_from_base @ _BASE_FROM_CAMERA)
            assert truth.count >= one.count
        assert accumulator.drops.counts == {}


def test_windows_have_the_sweeps_around_their_images(bag: Path) -> None:
    with BagReader([bag]) as reader:
        accumulator = SweepAccumulator(reader, _plan(reader), _CONFIG)
        middles = [
            [round((sweep.stamp_ns - _START_NS) / _MS) // 100 for sweep in window.sweeps]
            for window in map(accumulator.window, _image_stamps())
        ]
    whole = [list(range(number - 2, number + 3)) for number in range(11)]
    assert middles[:9] == [[n for n in numbers if 0 <= n < 9] for numbers in whole[:9]]
    assert middles[10] == [6, 7, 8]


def test_sweeps_that_cannot_be_placed_are_counted(tmp_path: Path) -> None:
    """The poses begin after the first sweeps."""

    def late() -> Iterator[RecordedEvent]:
        for event in _events(moves=True):
            if not isinstance(event, RecordedPose) or event.stamp_ns > _START_NS + 250 * _MS:
                yield event

    recording = Recording(
        camera=_CAMERA,
        image_topic="image_rect",
        base_from_camera=_BASE_FROM_CAMERA,
        base_from_lidar=_BASE_FROM_LIDAR,
        events=late(),
    )
    write_recording(recording, tmp_path / "bag.mcap")
    with BagReader([tmp_path / "bag.mcap"]) as reader:
        accumulator = SweepAccumulator(reader, _plan(reader), _CONFIG)
        assert len(accumulator.window(_image_stamps()[0]).sweeps) == 3
        assert accumulator.drops.counts == {"no transform": 3}


def test_what_it_takes_is_said(tmp_path: Path, bag: Path) -> None:
    still = _written(tmp_path / "still.mcap", moves=False)
    with (
        BagReader([still]) as reader,
        pytest.raises(BagError, match=r"needs the motion of the sensor.*--odometry"),
    ):
        SweepAccumulator(reader, _plan(reader), _CONFIG)
    with BagReader([bag]) as reader:
        plan = _plan(reader)
        blind = replace(plan, topics=replace(plan.topics, clouds=()))
        with pytest.raises(BagError, match=r"needs point clouds.*--points"):
            SweepAccumulator(reader, blind, _CONFIG)
