# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that goes wrong on a robot, sent to one running node: it lives, and counts."""

from __future__ import annotations

import dataclasses
import itertools
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.messages import POINT_CLOUD
from tests.bags.bag_factory import (
    BASE_FRAME,
    CAMERA,
    CLOUD_TOPIC,
    LIDAR_FRAME,
    Entry,
    cloud,
    cloud_entry,
    image_entry,
    info_entry,
    mounts_entry,
    picture,
    stamp_of,
    tf_entry,
)
from tests.bags.listed_points import POINT_LIST

pytestmark = pytest.mark.ros
pytest.importorskip("rclpy", reason="ROS 2 is not sourced")
live: Any = pytest.importorskip("tests.ros.live_node", reason="the package is not built")

_STATUS = "depth_completion_ros/msg/CompletionStatus"
_IMAGE = "sensor_msgs/msg/Image"


def _pair(index: int, camera: CameraModel = CAMERA) -> list[Entry]:
    stamp_ns = stamp_of(index)
    return [
        info_entry(stamp_ns, camera),
        cloud_entry(stamp_ns, cloud(index)),
        image_entry(stamp_ns, picture(index, camera.width, camera.height)),
    ]


def _changed(entry: Entry, **fields: object) -> Entry:
    return dataclasses.replace(entry, message=dataclasses.replace(entry.message, **fields))


class _Run:
    """A node that runs, and what it has said of itself."""

    def __init__(self, node: Any, peer: Any) -> None:  # noqa: ANN401 - of an optional import
        self.node, self.peer = node, peer
        self.depth = peer.collect("/depth/image", _IMAGE)
        self.status = peer.collect("/completion_node/status", _STATUS)
        self._index = 0

    def next_index(self) -> int:
        self._index += 1
        return self._index

    def expect_frame(self, entries: list[Entry], size: tuple[int, int] = (48, 64)) -> None:
        before = len(self.depth)
        self.peer.publish(*entries)
        self.peer.spin_until(
            lambda: len(self.depth) > before and self._published == len(self.depth), "a frame"
        )
        message = self.depth[-1]
        assert (message.height, message.width) == size
        assert self.node.process.poll() is None

    @property
    def _published(self) -> int:
        """By the last status, which also comes while frames are dropped."""
        return int(self.status[-1].published) if self.status else 0

    def expect_good_frame(self) -> None:
        self.expect_frame(_pair(self.next_index()))

    def expect_drop(self, entries: list[Entry], reason: str) -> None:
        """A faulty pair, and a good one after it: one output, one drop more."""
        before = self.drops().get(reason, 0)
        self.peer.publish(*entries)
        self.peer.spin_for(0.5)
        self.expect_good_frame()
        assert self.drops().get(reason, 0) == before + 1, self.drops()

    def drops(self) -> dict[str, int]:
        if not self.status:
            return {}
        last = self.status[-1]
        return dict(zip(last.drop_reasons, map(int, last.drop_counts), strict=True))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[_Run]:
    with live.live_node(tmp_path, model="nearest") as node, live.peer() as peer:
        peer.wait_for_node()
        peer.publish(mounts_entry())
        run = _Run(node, peer)
        run.expect_good_frame()
        yield run
        assert node.process.poll() is None
        assert "Traceback" not in node.log, node.log


def test_messages_that_cannot_be_decoded(run: _Run) -> None:
    info, points, image = _pair(run.next_index())
    run.expect_drop([info, points, _changed(image, encoding="rgb7")], "message cannot be decoded")
    info, points, image = _pair(run.next_index())
    run.expect_drop([info, points, _changed(image, step=7)], "message cannot be decoded")
    info, points, image = _pair(run.next_index())
    short = np.zeros(11, np.uint8)
    run.expect_drop([info, points, _changed(image, data=short)], "message cannot be decoded")
    info, points, image = _pair(run.next_index())
    run.expect_drop([info, _changed(points, fields=[]), image], "message cannot be decoded")
    assert "rgb7" in run.node.log


def test_images_that_do_not_fit_their_calibration(run: _Run) -> None:
    index = run.next_index()
    info, points, _ = _pair(index)
    large = image_entry(stamp_of(index), picture(0, 128, 96))
    run.expect_drop([info, points, large], "frame does not fit together")
    assert "128x96" in run.node.log


def test_clouds_without_a_usable_point_give_an_empty_depth(run: _Run) -> None:
    clouds = {
        "no point is a measurement (depth is empty)": np.full((9, 3), np.nan, np.float32),
        "cloud without points (depth is empty)": np.empty((0, 3), np.float32),
    }
    for xyz in clouds.values():
        index = run.next_index()
        info, _, image = _pair(index)
        run.expect_frame([info, cloud_entry(stamp_of(index), xyz), image])
        assert np.isnan(np.frombuffer(run.depth[-1].data, np.float32)).all()
    run.expect_good_frame()
    assert [run.drops()[reason] for reason in clouds] == [1, 1]


def test_time_that_jumps_back_is_gone_along_with(run: _Run) -> None:
    for _ in range(30):
        run.expect_good_frame()
    run._index = 0
    run.expect_good_frame()
    run.expect_good_frame()
    assert run.drops()["time jumped back"] == 1
    assert "time jumped back" in run.node.log


def test_stamps_that_stand_still_are_told(run: _Run) -> None:
    diagnostics = run.peer.collect("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray")
    words = "are stamped 1700000000.200 s, so that nothing can be paired with them by time"
    for index in (run.next_index(), *range(100, 112)):
        info, points, _ = _pair(index)
        still = image_entry(stamp_of(2), picture(index))
        run.peer.publish(info, points, still)
        run.peer.spin_for(0.2)
    run.peer.spin_until(lambda: words in run.node.log, "that it is logged")

    def is_shown() -> bool:
        values = [v.value for array in diagnostics for item in array.status for v in item.values]
        return any(words in value for value in values)

    run.peer.spin_until(is_shown, "that diagnostics show it")
    assert len(run.depth) == 2
    run.expect_frame(_pair(120))
    assert run.drops()["image: stamped as the image before it"] == 12


def test_rotations_that_are_none_are_one_reason(run: _Run) -> None:
    """A publisher that never fills its rotation in, with other numbers each time."""
    for index in range(30):
        entry = tf_entry(
            stamp_of(index), ("odom", "wheel", RigidTransform.identity()), static=False
        )
        rotation = entry.message.transforms[0].transform.rotation
        rotation.x, rotation.w = 1e-9 * index, 0.0
        run.peer.publish(entry)
    words = "transform 'odom' -> 'wheel': quaternion"
    run.peer.spin_until(lambda: words in run.node.log, "that it is logged")
    run.peer.spin_for(0.5)
    run.expect_good_frame()
    assert run.drops() == {"transform: cannot be used": 30}
    assert run.status[-1].dropped == 0
    assert run.node.log.count(words) == 1


def test_two_places_of_one_sensor_are_told(run: _Run) -> None:
    diagnostics = run.peer.collect("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray")
    other = RigidTransform.from_quaternion((0, 0, 0, 1), (2.0, 1.0, 0.25))
    run.peer.publish(tf_entry(stamp_of(0), (BASE_FRAME, LIDAR_FRAME, other)))
    words = f"two different places are published for '{LIDAR_FRAME}'"
    run.peer.spin_until(lambda: words in run.node.log, "that it is logged")
    run.peer.publish(mounts_entry())

    def is_shown() -> bool:
        values = [v.value for array in diagnostics for item in array.status for v in item.values]
        return any(words in value and "(2.0000, 1.0000, 0.2500)" in value for value in values)

    run.peer.spin_until(is_shown, "that diagnostics show it")
    run.expect_good_frame()
    assert run.node.log.count(words) == 1


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("t", "field 't' (uint32) holds microseconds from the stamp"),
        ("echo_time", "not undone: field 'echo_time' may be the time of the points"),
    ],
)
def test_how_the_times_of_points_are_read_is_told_once(run: _Run, field: str, words: str) -> None:
    diagnostics = run.peer.collect("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray")
    times = np.linspace(0, 99_000, 400).astype(np.uint32)
    for at_ns in (stamp_of(0), stamp_of(9)):
        place = RigidTransform.from_quaternion((0, 0, 0, 1), (1e-9 * (at_ns - stamp_of(0)), 0, 0))
        run.peer.publish(tf_entry(at_ns, ("odom", BASE_FRAME, place), static=False))
    run.peer.spin_for(1.0)  # times of points matter only once it is known that the camera moves
    for _ in range(3):
        info, points, image = _pair(index := run.next_index())
        points = cloud_entry(stamp_of(index), cloud(index), extra={field: times})
        run.expect_frame([info, points, image])
    run.peer.spin_until(lambda: words in run.node.log, "that it is logged")

    def is_shown() -> bool:
        values = [v.value for array in diagnostics for item in array.status for v in item.values]
        return any(words in value for value in values)

    run.peer.spin_until(is_shown, "that diagnostics show it")
    assert run.node.log.count(words) == 1


def test_points_in_another_message_are_told_with_what_to_set(tmp_path: Path) -> None:
    with live.live_node(tmp_path, model="nearest", silence_s=1.0) as node, live.peer() as peer:
        peer.wait_for_node()
        peer.node.create_publisher(live.get_message(POINT_LIST), CLOUD_TOPIC, 1)
        words = f"{POINT_LIST} where {POINT_CLOUD} is read: set measurements to 'point_list'"
        peer.spin_until(lambda: words in node.log, "that it is logged")


def test_a_calibration_that_changes_holds_from_then_on(run: _Run) -> None:
    other = CameraModel(fx=40.0, fy=40.0, cx=19.5, cy=14.5, width=40, height=30)
    run.expect_frame(_pair(run.next_index(), other), size=(30, 40))
    run.expect_good_frame()


def test_a_calibration_of_zeros_is_told(run: _Run) -> None:
    info, points, image = _pair(run.next_index())
    zeros = _changed(info, k=np.zeros(9), p=np.zeros(12))
    run.expect_drop([zeros, points, image], "frame cannot be used")
    assert "the camera driver has no calibration" in run.node.log


def test_tf_that_is_missing_and_then_comes(tmp_path: Path) -> None:
    with (
        live.live_node(tmp_path, model="nearest", tf_timeout_ms=20.0) as node,
        live.peer() as peer,
    ):
        peer.wait_for_node()
        depth = peer.collect("/depth/image", _IMAGE)
        for index in range(3):
            peer.publish(*_pair(index))
            peer.spin_for(0.3)
        assert depth == []
        assert "no transform" in node.log
        assert "none at all: no TF was received" in node.log
        peer.publish(mounts_entry())
        _publish_until_answered(peer, depth, first_index=4)


def _publish_until_answered(peer: Any, answers: list[Any], first_index: int) -> None:  # noqa: ANN401
    """Pair after pair: /tf_static may reach the node after the first of them."""
    end = time.monotonic() + live.TIMEOUT_S
    for index in itertools.count(first_index):
        peer.publish(*_pair(index))
        peer.spin_for(0.3)
        if answers:
            return
        assert time.monotonic() < end, "waited in vain for a frame once TF is there"


def test_a_node_that_is_killed_comes_back(tmp_path: Path) -> None:
    with live.peer() as peer:
        for start in range(2):
            with live.live_node(tmp_path, model="nearest") as node:
                peer.wait_for_node()
                depth = peer.collect("/depth/image", _IMAGE)
                peer.publish(mounts_entry())
                peer.spin_for(1.0)
                peer.publish(*_pair(10 * start))
                peer.spin_until(lambda depth=depth: len(depth) > 0, f"a frame of start {start}")
                node.process.send_signal(signal.SIGKILL)
                node.process.wait()
            peer.spin_until(
                lambda: peer.node.count_publishers("/depth/image") == 0, "its end", 60.0
            )
