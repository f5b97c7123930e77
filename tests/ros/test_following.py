# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Inputs take the quality of service of their publishers, whoever comes first and then changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.bags.bag_factory import (
    Entry,
    cloud,
    cloud_entry,
    image_entry,
    info_entry,
    mounts_entry,
    picture,
    stamp_of,
)

pytestmark = pytest.mark.ros
pytest.importorskip("rclpy", reason="ROS 2 is not sourced")
live: Any = pytest.importorskip("tests.ros.live_node", reason="the package is not built")

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402

_IMAGES = "/camera/image_raw"
_RELIABLE = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
_BEST_EFFORT = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)


@contextmanager
def _plain_node(folder: Path, **parameters: object) -> Iterator[Any]:
    """Without the overrides of the other tests."""
    given = {"model": "nearest", "warmup_size_px": "[64,48]", **parameters}
    with live.live_node(folder, overrides=False, **given) as node:
        yield node


def _asked(peer: Any) -> str:  # noqa: ANN401 - of an optional import
    infos = peer.node.get_subscriptions_info_by_topic(_IMAGES)
    return "+".join(info.qos_profile.reliability.name.lower() for info in infos)


def _wait(peer: Any, reliability: str, what: str) -> None:  # noqa: ANN401
    peer.spin_until(lambda: _asked(peer) == reliability, f"{reliability} {what}")


def test_node_first_then_drivers_that_come_differ_and_go(tmp_path: Path) -> None:
    with _plain_node(tmp_path), live.peer() as peer:
        _wait(peer, "best_effort", "without a driver")
        driver = peer.node.create_publisher(Image, _IMAGES, _RELIABLE)
        _wait(peer, "reliable", "beside a reliable driver")
        other = peer.node.create_publisher(Image, _IMAGES, _BEST_EFFORT)
        _wait(peer, "best_effort", "beside two that differ")
        peer.node.destroy_publisher(other)
        _wait(peer, "reliable", "beside the one that is left")
        peer.node.destroy_publisher(driver)
        _wait(peer, "best_effort", "after the driver ended")
        peer.node.create_publisher(Image, _IMAGES, _RELIABLE)
        _wait(peer, "reliable", "beside the driver that came back")


def test_driver_first_and_a_calibration_that_was_sent_once_before(tmp_path: Path) -> None:
    with live.peer() as peer:
        info = info_entry(stamp_of(0))
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        publisher = peer.node.create_publisher(
            live.get_message(info.msgtype), "/camera/camera_info", latched
        )
        publisher.publish(live.serialized(info))
        peer.node.create_publisher(Image, _IMAGES, _RELIABLE)
        with _plain_node(tmp_path):
            _wait(peer, "reliable", "with a driver that was there before")
            depths = peer.collect("/depth/image", "sensor_msgs/msg/Image")
            entries: tuple[Entry, ...] = (
                mounts_entry(),
                cloud_entry(stamp_of(0), cloud(0)),
                image_entry(stamp_of(0), picture(0)),
            )
            peer.publish(*entries)
            peer.spin_until(lambda: bool(depths), "a depth image")


def test_an_override_goes_before_the_publishers(tmp_path: Path) -> None:
    name = f"qos_overrides.{_IMAGES}.subscription.reliability"
    with _plain_node(tmp_path, **{name: "best_effort"}), live.peer() as peer:
        _wait(peer, "best_effort", "at first")
        peer.node.create_publisher(Image, _IMAGES, _RELIABLE)
        peer.spin_for(1.5)
        assert _asked(peer) == "best_effort"


@pytest.mark.parametrize(
    ("policy", "value", "words"),
    [
        ("durability", "latched", "'latched'; it is one of follow_publishers, transient_local"),
        ("liveliness", "automatic", "liveliness' cannot be set; of a subscription, history"),
        ("depth", "many", "subscription.depth'"),
    ],
)
def test_an_override_that_cannot_be_is_refused_in_words(
    tmp_path: Path, policy: str, value: str, words: str
) -> None:
    name = f"qos_overrides.{_IMAGES}.subscription.{policy}"
    with _plain_node(tmp_path, **{name: value}) as node:
        assert node.process.wait(timeout=live.TIMEOUT_S) == 1
        assert words in " ".join(node.log.split())
        assert "Traceback" not in node.log
