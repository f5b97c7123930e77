# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.errors import BagError
from rosbag_tools.inspect import main
from tests.bags.bag_factory import (
    BASE_FRAME,
    CLOUD_TOPIC,
    IMAGE_TOPIC,
    INFO_TOPIC,
    MS,
    START_NS,
    Entry,
    batches,
    cloud_entry,
    depth_entry,
    drive,
    stamp_of,
    tf_entry,
    without,
    write_ros1,
    write_ros2,
)


def _inspect(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main([str(item) for item in arguments]) == 0
    return capsys.readouterr().out


def _row(text: str, topic: str) -> str:
    (row,) = [line for line in text.splitlines() if line.startswith(f"{topic} ")]
    return " ".join(row.split())


def _ordered(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.log_ns)


def test_bag_of_ros2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = [*drive(5), depth_entry(START_NS, np.ones((48, 64), np.float32), topic="/truth")]
    for index in range(21):
        pose = (("odom", BASE_FRAME, RigidTransform.identity()),)
        entries.append(tf_entry(START_NS + 20 * MS * index, *pose, static=False))
    text = _inspect(capsys, write_ros2(tmp_path / "drive", _ordered(entries)))
    assert f"{tmp_path / 'drive'}: ROS 2 bag, 0.4 s, 38 messages" in text
    assert _row(text, IMAGE_TOPIC) == (
        f"{IMAGE_TOPIC} sensor_msgs/msg/Image 5 10.0 camera_optical rgb8 0"
    )
    assert _row(text, CLOUD_TOPIC) == f"{CLOUD_TOPIC} sensor_msgs/msg/PointCloud2 5 10.0 lidar 0"
    assert "32FC1" in _row(text, "/truth")
    assert _row(text, "/tf").startswith("/tf tf2_msgs/msg/TFMessage 21 50.0")
    tree = text[text.index("TF tree:") :].splitlines()[:5]
    assert tree == [
        "TF tree:",
        "  odom",
        "    base_link  (21 transforms)",
        "      camera_optical  (static)",
        "      lidar  (static)",
    ]
    assert "complete would read:" in text
    assert f"image        {IMAGE_TOPIC}" in text
    assert "undone through the fixed frame 'odom'" in text
    assert "pairs        5 of 5 images; gap p50 0.0 ms" in text
    assert "camera       64x48 pixels, distortion 'plumb_bob'" in text
    assert "cloud        400 points of x, y, z" in text


def test_bag_of_ros1_in_two_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = [
        write_ros1(tmp_path / f"{index}.bag", part, publishers=2)
        for index, part in enumerate(batches(drive(4), 2))
    ]
    text = _inspect(capsys, *parts)
    assert "ROS 1 bag" in text
    assert _row(text, IMAGE_TOPIC).startswith(f"{IMAGE_TOPIC} sensor_msgs/msg/Image 4 10.0 camera")
    assert "pairs        4 of 4 images" in text
    assert "(rgb8, frame 'camera_optical', 4 messages)" in text


def test_gaps_and_what_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = without(drive(3), CLOUD_TOPIC)
    entries += [
        cloud_entry(stamp_of(index) + gap * MS, np.ones((4, 3), np.float32))
        for index, gap in enumerate((10, 20, 45))
    ]
    source = write_ros2(tmp_path / "drive", _ordered(entries))
    text = _inspect(capsys, source, "--pairing.slop-ms", "30")
    assert "pairs        2 of 3 images; gap p50 15.0 ms" in text
    assert "largest 20.0 ms (slop 30 ms)" in text
    assert "left out     1 x image: no cloud within 30 ms" in text


def test_clocks_that_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = without(drive(2), CLOUD_TOPIC)
    entries += [
        cloud_entry(1000 + index, np.ones((4, 3), np.float32), log_ns=stamp_of(index))
        for index in range(2)
    ]
    text = _inspect(capsys, write_ros2(tmp_path / "drive", _ordered(entries)))
    assert "pairs        0 of 2 images; the smallest gap is" in text
    assert "Mind the clocks" in text
    assert "another clock" in _row(text, CLOUD_TOPIC)


def test_ambiguous_bag_says_what_complete_would_ask(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {IMAGE_TOPIC: "/right/image_raw", INFO_TOPIC: "/right/camera_info"}
    second = [
        replace(entry, topic=names[entry.topic]) for entry in drive(2) if entry.topic in names
    ]
    source = write_ros2(tmp_path / "drive", _ordered([*drive(2), *second]))
    text = _inspect(capsys, source)
    assert "complete would stop:" in text
    assert "Choose with --image TOPIC" in text
    assert "complete would read:" not in text
    chosen = _inspect(capsys, source, "--image", "/right/image_raw")
    assert "image        /right/image_raw" in chosen


def test_bag_without_tf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = _inspect(capsys, write_ros2(tmp_path / "drive", without(drive(1), "/tf_static")))
    assert "TF tree: none (complete needs --extrinsics)" in text
    assert "complete would stop:" in text
    assert "optical_frame_from:" in text


def test_bag_without_messages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = _inspect(capsys, write_ros2(tmp_path / "drive", []))
    assert "ROS 2 bag, 0.0 s, 0 messages" in text
    assert "no colour image topic" in text


def test_no_bag(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="there is no bag"):
        main([str(tmp_path / "none")])
