# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The doctor beside a robot that is well, and beside robots that are not."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.from_dataset import main as from_dataset
from tests.bags.bag_factory import Entry, entries_of

pytestmark = pytest.mark.ros
pytest.importorskip("rclpy", reason="ROS 2 is not sourced")
live: Any = pytest.importorskip("tests.ros.live_node", reason="the package is not built")

_LISTEN_S = 12.0
_IMAGE, _INFO, _POINTS = "/camera/image_raw", "/camera/camera_info", "/lidar/points"
_OPTICAL = "camera_optical_frame"


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    bag = tmp_path_factory.mktemp("street") / "street.mcap"
    flags = ["--scene", "street", "--seed", "1", "--duration", "8", "--image-rate-hz", "2.5"]
    assert from_dataset([str(bag), "--layout", "synthetic", *flags]) == 0
    return [entry for entry in entries_of(bag) if entry.topic != "/camera/depth_truth"]


def _later(entry: Entry, offset_ns: int) -> Entry:
    message = copy.deepcopy(entry.message)
    stamp_ns = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec + offset_ns
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
    return replace(entry, message=message)


def _turned(entry: Entry, yaw_deg: float) -> Entry:
    """The camera's place on the robot, turned about the y of its optical frame."""
    message = copy.deepcopy(entry.message)
    half = np.radians(yaw_deg) / 2
    turn = RigidTransform.from_quaternion((0.0, np.sin(half), 0.0, np.cos(half)), (0, 0, 0))
    for item in message.transforms:
        if item.child_frame_id == _OPTICAL:
            q, t = item.transform.rotation, item.transform.translation
            place = RigidTransform.from_quaternion((q.x, q.y, q.z, q.w), (t.x, t.y, t.z)) @ turn
            q.x, q.y, q.z, q.w = (float(value) for value in place.quaternion_xyzw)
    return replace(entry, message=message)


def _examined(
    entries: Sequence[Entry], folder: Path, *parameters: str, seconds: float = _LISTEN_S
) -> tuple[int, str]:
    """Exit code and words of a doctor that hears a bag."""
    remap = (("image", _IMAGE), ("camera_info", _INFO), ("points", _POINTS))
    reliable = [
        f"qos_overrides.{topic}.subscription.{policy}"
        for topic in (_IMAGE, _POINTS)
        for policy in ("reliability:=reliable", "depth:=50")
    ]
    given = [f"seconds:={seconds}", f"folder:={folder}", *reliable, *parameters]
    arguments = [word for item in given for word in ("-p", item)]
    arguments += [word for name, topic in remap for word in ("-r", f"{name}:={topic}")]
    command = [sys.executable, "-m", "depth_completion_ros.doctor", "--ros-args", *arguments]
    environment = {**os.environ, "ROS_DOMAIN_ID": str(live.DOMAIN_ID), "COLUMNS": "200"}
    doctor = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    with live.peer() as peer:
        for entry in {entry.topic: entry for entry in entries}.values():
            peer.advertise(entry)
        start = time.monotonic()
        for entry in entries:
            time.sleep(max((entry.log_ns - entries[0].log_ns) / 1e9 - time.monotonic() + start, 0))
            peer.publish(entry)
        said, _ = doctor.communicate(timeout=60)
    return doctor.returncode, re.sub(r"\s+", " ", said)


def test_a_robot_that_is_well(street: list[Entry], tmp_path: Path) -> None:
    code, said = _examined(street, tmp_path)
    assert code == 0, said
    assert "[ERROR]" not in said
    assert "undone through the fixed frame 'odom'" in said
    assert (tmp_path / "overlay.png").is_file()
    assert f"{_IMAGE} + {_POINTS}, time offset: none that matters" in said
    assert f"{_IMAGE} + {_POINTS}, rotation: none that matters" in said


def test_clouds_stamped_50_ms_late(street: list[Entry], tmp_path: Path) -> None:
    late = [_later(e, 50_000_000) if e.topic == _POINTS else e for e in street]
    _, said = _examined(late, tmp_path)
    found = re.search(r"set pairing.cloud_clock_offset_ms to (-?\d+)", said)
    assert found, said
    assert abs(float(found.group(1)) + 50.0) < 20.0
    _, corrected = _examined(late, tmp_path, f"pairing.cloud_clock_offset_ms:={found.group(1)}.0")
    assert f"{_IMAGE} + {_POINTS}, time offset: none that matters" in corrected


def test_a_camera_turned_by_1_deg(street: list[Entry], tmp_path: Path) -> None:
    turned = [_turned(e, 1.0) if e.topic == "/tf_static" else e for e in street]
    _, said = _examined(turned, tmp_path)
    found = re.search(r"roll (\S+), pitch (\S+), yaw (\S+) \+-", said)
    assert found, said
    assert np.abs(np.array(found.groups(), dtype=float) - (0.0, 0.0, 1.0)).max() < 0.3


def test_nobody_publishes_and_tf_is_missing(street: list[Entry], tmp_path: Path) -> None:
    code, said = _examined([], tmp_path, seconds=1.0)
    assert code == 1
    assert f"{_IMAGE}: nothing was received, and nobody publishes it" in said
    without_tf = [e for e in street[:400] if not e.topic.startswith("/tf")]
    code, said = _examined(without_tf, tmp_path, seconds=5.0)
    assert code == 1
    assert "is not in the TF tree" in said
