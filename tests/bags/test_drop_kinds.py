# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A fault that comes back with other numbers each time is one line with a count."""

from __future__ import annotations

import json
import sqlite3
import struct
from pathlib import Path
from typing import Any

import pytest

from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from rosbag_tools.inspect import main as inspect
from rosbag_tools.messages import TYPESTORE
from tests.bags.bag_factory import (
    BASE_FRAME,
    CLOUD_TOPIC,
    IMAGE_TOPIC,
    INFO_TOPIC,
    LIDAR_FRAME,
    Entry,
    drive,
    read_bag,
    stamp_of,
    tf_entry,
    write_bare,
    write_ros1,
    write_ros2,
)


def _complete(source: Path, *flags: str) -> dict[str, Any]:
    report = source.parent / "report.json"
    common = ["--model", "nearest", "--device", "cpu", "--metrics", str(report)]
    assert main([str(source), str(source.parent / "out"), *common, *flags]) == 0
    return dict(json.loads(report.read_text()))


def _odometry(index: int) -> Entry:
    place = RigidTransform.from_quaternion((0.0, 0.0, 0.0, 1.0), (0.1 * index, 0.0, 0.0))
    return tf_entry(stamp_of(index), ("odom", BASE_FRAME, place), static=False)


def _with_rotation(entry: Entry, **numbers: float) -> Entry:
    for name, value in numbers.items():
        setattr(entry.message.transforms[0].transform.rotation, name, value)
    return entry


def test_odometry_that_stops_is_one_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [*(_odometry(index) for index in range(3)), *drive(12)]
    report = _complete(write_ros2(tmp_path / "drive", entries))
    assert report["drops"] == {"no transform": 7}
    assert "'odom' from 'base_link' is known" in report["drop_examples"]["no transform"]
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "not used" in line]
    assert line.startswith("not used     7 x no transform (for example: 'odom'")


def test_rotations_that_are_none_are_one_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = [_with_rotation(_odometry(index), w=1e-9 * index) for index in range(20)]
    _complete(write_ros2(tmp_path / "drive", [*bad, *drive(1)]))
    (note,) = [line for line in capsys.readouterr().out.splitlines() if "quaternion" in line]
    assert "transform 'odom' -> 'base_link'" in note
    assert note.endswith("(20 refused)")


def test_place_that_was_refused_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mount whose message was never filled in."""
    entries = drive(2)
    mounts = next(entry for entry in entries if entry.topic == "/tf_static")
    lidar = next(t for t in mounts.message.transforms if t.child_frame_id == LIDAR_FRAME)
    lidar.transform.rotation.w = 0.0
    source = write_ros2(tmp_path / "drive", entries)
    words = (
        r"'lidar' is not in the TF tree, because a transform was refused: .* all-zero quaternion"
    )
    with pytest.raises(BagError, match=words):
        _complete(source)
    assert inspect([str(source)]) == 0
    assert "left the rotation unset (1 refused)" in capsys.readouterr().out


def _cut(source: Path, topics: tuple[str, ...], stamp_ns: int) -> None:
    connection = sqlite3.connect(source)
    with connection:
        for topic in topics:
            connection.execute(
                "UPDATE messages SET data = substr(data, 1, 40) WHERE timestamp = ? AND topic_id = "
                "(SELECT id FROM topics WHERE name = ?)",
                (stamp_ns, topic),
            )
    connection.close()


def test_first_messages_that_do_not_decode_cost_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_bare(tmp_path / "drive.db3", [*(_odometry(i) for i in range(5)), *drive(5)])
    _cut(source, ("/tf", IMAGE_TOPIC, CLOUD_TOPIC, INFO_TOPIC), stamp_of(0))
    assert inspect([str(source)]) == 0
    text = capsys.readouterr().out
    assert "rgb8" in text
    assert "1 x /tf: message cannot be decoded (a message of /tf" in text
    assert f"1 x {IMAGE_TOPIC}: message cannot be decoded" in text
    report = _complete(source, "--no-copy-inputs", "--pairing.slop-ms", "10")
    assert report["frames"] == 4
    assert report["drops"][f"{IMAGE_TOPIC}: message cannot be decoded"] == 1


def test_topic_of_two_types(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = TYPESTORE.types["std_msgs/msg/String"](data="hello")
    entries = [Entry(CLOUD_TOPIC, "std_msgs/msg/String", stamp_of(0) + 1, text), *drive(3)]
    source = write_ros2(tmp_path / "drive", entries)
    assert inspect([str(source)]) == 0
    rows = [line.split()[:3] for line in capsys.readouterr().out.splitlines()]
    assert [CLOUD_TOPIC, "std_msgs/msg/String", "1"] in rows
    assert [CLOUD_TOPIC, "sensor_msgs/msg/PointCloud2", "3"] in rows
    report = _complete(source)
    assert report["frames"] == 3
    (why,) = report["drops"]
    assert why.startswith(f"topic {CLOUD_TOPIC} not copied: its messages of std_msgs/msg/String")
    assert len(read_bag(tmp_path / "out").messages(CLOUD_TOPIC)) == 3


def test_damaged_message_of_ros1_costs_its_copy(tmp_path: Path) -> None:
    """What is copied is converted on the way."""
    source = write_ros1(tmp_path / "drive.bag", drive(3))
    frame_id = struct.pack("<I", 6) + b"/lidar"
    mounts, first_cloud, *others = source.read_bytes().split(frame_id)
    endless = b"\xff\xff\xff\x7f/lidar"
    source.write_bytes(mounts + frame_id + first_cloud + endless + frame_id.join(others))
    report = _complete(source, "--pairing.slop-ms", "10")
    assert report["frames"] == 2
    assert report["drops"][f"{CLOUD_TOPIC}: message not copied"] == 1
    assert len(read_bag(tmp_path / "out").messages(CLOUD_TOPIC)) == 2


def test_mounts_that_do_not_decode_are_named(tmp_path: Path) -> None:
    source = write_bare(tmp_path / "drive.db3", drive(2))
    _cut(source, ("/tf_static",), stamp_of(0))
    with pytest.raises(BagError, match="1 x /tf_static: message cannot be decoded"):
        _complete(source)
