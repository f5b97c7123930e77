# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a robot publishes is what a replay of its bag writes: pair by pair, in lock-step."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.codecs.depth import decode_depth
from rosbag_tools.complete import main as complete
from rosbag_tools.from_dataset import main as from_dataset
from tests.bags.bag_factory import Entry, entries_of
from tests.core.checkpoints.released_checkpoints import SMALL, seeded_checkpoint

pytestmark = pytest.mark.ros
pytest.importorskip("rclpy", reason="ROS 2 is not sourced")
live: Any = pytest.importorskip("tests.ros.live_node", reason="the package is not built")

_THREADS = 1
_REAL_DATA = os.environ.get("DEPTH_COMPLETION_REAL_DATA", "")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bag = tmp_path_factory.mktemp("room") / "room.mcap"
    flags = ["--layout", "synthetic", "--duration", "1.2", "--image-rate-hz", "5"]
    assert from_dataset([str(bag), *flags]) == 0
    return bag


@pytest.fixture(scope="module")
def kitti(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(_REAL_DATA) / "nc" / "kitti_raw_sequence"
    if not _REAL_DATA or not root.is_dir():
        pytest.skip("DEPTH_COMPLETION_REAL_DATA holds no KITTI sequence")
    bag = tmp_path_factory.mktemp("kitti") / "kitti.mcap"
    assert from_dataset([str(bag), "--layout", "kitti_raw", "--root", str(root)]) == 0
    return bag


def _of_bag(bag: Path, topic: str) -> dict[int, Any]:
    return {_stamp_ns(e.message): e.message for e in entries_of(bag) if e.topic == topic}


def _stamp_ns(message: Any) -> int:  # noqa: ANN401 - of rclpy or of a bag
    return int(message.header.stamp.sec) * 10**9 + int(message.header.stamp.nanosec)


def _completed_bag(bag: Path, out: Path, flags: Sequence[str]) -> Path:
    target = out / "completed.mcap"
    assert complete([str(bag), str(target), "--device", "cpu", "--holdout", "0", *flags]) == 0
    return target


def _completed_live(
    entries: list[Entry], out: Path, parameters: dict[str, object]
) -> tuple[dict[int, Any], dict[int, Any]]:
    """Depth images and clouds of a node that gets each pair after the answer to the last."""
    image = next(
        e.topic for e in entries if e.msgtype.endswith("/Image") and "depth" not in e.topic
    )
    info = next(e.topic for e in entries if e.msgtype.endswith("CameraInfo"))
    points = next(e.topic for e in entries if e.msgtype.endswith("PointCloud2"))
    remap = (("image", image), ("camera_info", info), ("points", points))
    sent = {image, info, points, "/tf", "/tf_static"}
    reliable = {
        f"qos_overrides.{topic}.subscription.{policy}": value
        for topic in (image, info, points)
        for policy, value in (("reliability", "reliable"), ("depth", 50))
    }
    with (
        live.live_node(
            out, remap=remap, torch_threads=_THREADS, tf_timeout_ms=3000.0, **reliable, **parameters
        ) as node,
        live.peer() as peer,
    ):
        peer.spin_until(lambda: peer.node.count_subscribers(image) > 0, "an active node")
        depths = peer.collect("/depth/image", "sensor_msgs/msg/Image")
        clouds = peer.collect("/depth/points", "sensor_msgs/msg/PointCloud2")
        # TF first, for its own time of arrival is not the subject here.
        for entry in (e for e in entries if e.topic.startswith("/tf")):
            peer.publish(entry)
            peer.spin_for(0.002)
        peer.spin_for(1.0)
        pairs = _pairs(entries, sent - {"/tf", "/tf_static"}, image)
        for expected, (stamp_ns, group) in enumerate(pairs, 1):
            peer.publish(*group)
            peer.spin_until(
                lambda expected=expected: len(depths) == len(clouds) == expected,
                f"frame {expected} at {stamp_ns}: {node.log[-600:]}",
            )
    return {_stamp_ns(m): m for m in depths}, {_stamp_ns(m): m for m in clouds}


def _pairs(entries: list[Entry], sent: set[str], image: str) -> list[tuple[int, list[Entry]]]:
    """Everything of the bag in order, cut so that each piece completes one image's pair.

    An image with a later cloud is complete with that cloud; one with an earlier cloud at once, once
    the clouds' period is known: the order of the bag's own record decides, as for the replay.
    """
    groups: list[tuple[int, list[Entry]]] = []
    waiting: list[Entry] = []
    stamps = [_stamp_ns(e.message) for e in entries if e.topic == image]
    for entry in (e for e in entries if e.topic in sent):
        waiting.append(entry)
        if entry.msgtype.endswith("PointCloud2") and len(groups) < len(stamps):
            has_image = any(e.topic == image for e in waiting)
            if has_image and _stamp_ns(entry.message) >= stamps[len(groups)] - 50_000_000:
                groups.append((stamps[len(groups)], waiting))
                waiting = []
    return groups


def _compare(
    bag: Path, tmp_path: Path, flags: list[str], parameters: dict[str, object], tolerance: float
) -> None:
    replay = _completed_bag(bag, tmp_path, flags)
    depths, clouds = _completed_live(entries_of(bag), tmp_path, parameters)
    expected = _of_bag(replay, "/depth/image")
    expected_clouds = _of_bag(replay, "/depth/points")
    assert len(depths) >= 3
    for stamp_ns, message in depths.items():
        depth, valid = decode_depth(message)
        known, known_valid = decode_depth(expected[stamp_ns])
        if tolerance == 0.0:
            assert bytes(message.data) == bytes(expected[stamp_ns].data)
            assert bytes(clouds[stamp_ns].data) == bytes(expected_clouds[stamp_ns].data)
        np.testing.assert_array_equal(valid, known_valid)
        np.testing.assert_allclose(depth, known, atol=tolerance)
        assert message.header.frame_id == expected[stamp_ns].header.frame_id


@pytest.mark.parametrize("model", ["nearest", "linear", "consensus"])
def test_without_motion_compensation_every_bit_is_equal(
    room: Path, tmp_path: Path, model: str
) -> None:
    flags = ["--model", model, "--fixed-frame", "none"]
    _compare(room, tmp_path, flags, {"model": model, "fixed_frame": "none"}, 0.0)


def test_with_motion_compensation_depth_is_equal(room: Path, tmp_path: Path) -> None:
    _compare(room, tmp_path, ["--model", "linear"], {"model": "linear"}, 1e-4)


@pytest.mark.parametrize("network", ["fusionnet", "nlspn", "cspn"])
def test_a_network_says_the_same_live(room: Path, tmp_path: Path, network: str) -> None:
    weights = seeded_checkpoint(
        tmp_path / f"{network}.safetensors", network, settings=SMALL[network]
    )
    small = ["--inference.width-px", "80", "--inference.height-px", "60"]
    flags = ["--model", str(weights), "--fixed-frame", "none", *small]
    parameters: dict[str, object] = {
        "weights": str(weights),
        "fixed_frame": "none",
        "inference.width_px": 80,
        "inference.height_px": 60,
    }
    _compare(room, tmp_path, flags, parameters, 1e-4)


@pytest.mark.real_data
def test_on_a_recorded_drive(kitti: Path, tmp_path: Path) -> None:
    _compare(kitti, tmp_path, ["--model", "linear"], {"model": "linear"}, 1e-4)
