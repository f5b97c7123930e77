# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags whose points are listed one by one give what the same points in a PointCloud2 give."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from tests.bags.bag_factory import (
    BASE_FRAME,
    CLOUD_TOPIC,
    MS,
    START_NS,
    Entry,
    Float32Array,
    cloud,
    cloud_entry,
    depths_of,
    drive,
    strip_definitions,
    tf_entry,
    without,
    write_ros2,
)
from tests.bags.listed_points import LIVOX_TYPES, POINT_LIST, TYPES, listed


def _entries() -> list[Entry]:
    """One image of a base that drives 3 m/s, and a sweep of 100 ms with its points' times."""
    poses = [
        tf_entry(
            START_NS + at * MS,
            ("odom", BASE_FRAME, RigidTransform.from_quaternion((0, 0, 0, 1), (0.003 * at, 0, 0))),
            static=False,
        )
        for at in range(-100, 301, 10)
    ]
    times = np.linspace(0, 100 * MS, 400).astype(np.uint32)
    sweep = cloud_entry(START_NS, cloud(0), extra={"t": times})
    entries = [*poses, *without(drive(1), CLOUD_TOPIC), sweep]
    return sorted(entries, key=lambda entry: entry.log_ns)


def _sparse(folder: Path, entries: Sequence[Entry], *flags: str) -> Float32Array:
    source = write_ros2(folder / "drive", entries, typestore=TYPES)
    common = ["--device", "cpu", "--model", "nearest", "--topics", "sparse_depth/image"]
    assert main([str(source), str(folder / "out"), *common, *flags]) == 0
    (depth,) = depths_of(folder / "out", "/sparse_depth/image")
    return depth


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Float32Array:
    return _sparse(tmp_path_factory.mktemp("cloud2"), _entries())


@pytest.mark.parametrize("msgtype", [POINT_LIST, *LIVOX_TYPES])
def test_the_same_points_in_another_message(
    tmp_path: Path, expected: Float32Array, msgtype: str
) -> None:
    """The sweep's motion is undone, too."""
    depth = _sparse(tmp_path, listed(_entries(), msgtype))
    np.testing.assert_allclose(depth, expected, atol=1e-5)
    assert not np.allclose(_sparse(tmp_path / "still", _entries(), "--fixed-frame", "none"), depth)


def test_livox_times_count_from_its_timebase(tmp_path: Path, expected: Float32Array) -> None:
    entries = listed(_entries(), LIVOX_TYPES[0], timebase_ns=-30 * MS)
    np.testing.assert_allclose(_sparse(tmp_path, entries), expected, atol=1e-5)


def test_livox_of_another_clock_counts_from_the_stamp(
    tmp_path: Path, expected: Float32Array
) -> None:
    entries = listed(_entries(), LIVOX_TYPES[0])
    for entry in entries:
        if entry.topic == CLOUD_TOPIC:
            entry.message.timebase = 12_345
    np.testing.assert_allclose(_sparse(tmp_path, entries), expected, atol=1e-5)


def test_a_bag_without_definitions(tmp_path: Path, expected: Float32Array) -> None:
    entries = listed(_entries(), LIVOX_TYPES[1])
    folder = write_ros2(tmp_path / "drive", entries, storage="sqlite3", typestore=TYPES)
    source = strip_definitions(next(folder.glob("*.db3")))
    flags = ["--device", "cpu", "--model", "nearest", "--topics", "sparse_depth/image"]
    assert main([str(source), str(tmp_path / "out"), *flags, "--no-copy-inputs"]) == 0
    (depth,) = depths_of(tmp_path / "out", "/sparse_depth/image")
    np.testing.assert_allclose(depth, expected, atol=1e-5)


def test_a_driver_cloud_comes_before_the_points_of_odometry(
    tmp_path: Path, expected: Float32Array, capsys: pytest.CaptureFixture[str]
) -> None:
    (listed_cloud,) = (e for e in listed(_entries(), POINT_LIST) if e.topic == CLOUD_TOPIC)
    features = Entry("/vins/points", POINT_LIST, listed_cloud.log_ns, listed_cloud.message)
    np.testing.assert_array_equal(_sparse(tmp_path, [*_entries(), features]), expected)
    assert f"points       {CLOUD_TOPIC} " in capsys.readouterr().out


def test_tracked_features_are_not_taken_for_places(tmp_path: Path) -> None:
    entries = listed(_entries(), POINT_LIST)
    for entry in entries:
        if entry.topic == CLOUD_TOPIC:
            for point in entry.message.points:
                point.z = 1.0
    with pytest.raises(BagError, match="image coordinates of tracked features"):
        _sparse(tmp_path, entries)


def test_a_channel_of_another_length(tmp_path: Path) -> None:
    entries = listed(_entries(), POINT_LIST)
    for entry in entries:
        if entry.topic == CLOUD_TOPIC:
            entry.message.channels[0].values = np.zeros(3, np.float32)
    with pytest.raises(BagError, match="channel 't' holds 3 values for 400 points"):
        _sparse(tmp_path, entries)
