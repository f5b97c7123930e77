# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Large messages are received while somebody listens to what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.bags.bag_factory import (
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

from sensor_msgs.msg import Image  # noqa: E402

_LARGE = ("/camera/image_raw", "/lidar/points")


def _heard(peer: Any) -> list[str]:  # noqa: ANN401 - of an optional import
    return [topic for topic in _LARGE if peer.node.count_subscribers(topic)]


def test_nobody_listens_then_somebody_does_and_goes_again(tmp_path: Path) -> None:
    with (
        live.live_node(tmp_path, model="nearest", silence_s=2.0) as node,
        live.peer() as peer,
    ):
        peer.wait_for_node()
        peer.publish(mounts_entry())
        diagnostics = peer.collect("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray")
        for index in range(5):  # whose stamps end well before those that follow
            _publish(peer, index)
            peer.spin_for(0.1)
        peer.spin_until(lambda: not _heard(peer), "that the node lets go of large messages")
        assert peer.node.count_subscribers("/camera/camera_info") == 1
        told = node.log.count("no pair of image and points")
        peer.spin_for(3.0)
        assert node.log.count("no pair of image and points") == told

        depths: list[Any] = []
        listener = peer.node.create_subscription(Image, "/depth/image", depths.append, 10)
        peer.spin_until(lambda: _heard(peer) == [*_LARGE], "that it receives them again", 2.0)
        for index in range(60, 80):
            _publish(peer, index)
            peer.spin_for(0.05)
        assert len(depths) > 10

        peer.node.destroy_subscription(listener)
        peer.spin_until(lambda: not _heard(peer), "that it lets go of them again")
        assert peer.node.count_subscribers("/camera/camera_info") == 0  # by now it is a stream
        levels = [item.level for array in diagnostics for item in array.status]
        assert b"\x02" not in levels
        said = [item.message for array in diagnostics for item in array.status]
        assert "idle: nobody listens to any output" in said
        assert "did not arrive" not in node.log
        assert peer.change_state("deactivate")
        assert peer.change_state("activate")
        peer.spin_until(lambda: _heard(peer) == [*_LARGE], "that a new life begins with them")
        assert node.stop() == 0
        assert "Traceback" not in node.log


def _publish(peer: Any, index: int) -> None:  # noqa: ANN401
    stamp_ns = stamp_of(index)
    peer.publish(
        info_entry(stamp_ns),
        cloud_entry(stamp_ns, cloud(index)),
        image_entry(stamp_ns, picture(index)),
    )
