# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
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

std_services: Any = pytest.importorskip("std_srvs.srv")

_INPUTS = {"/camera/image_raw", "/camera/camera_info", "/lidar/points", "/tf", "/tf_static"}
_DEPTH = ("/depth/image", "sensor_msgs/msg/Image")


def _send(peer: Any, index: int) -> None:  # noqa: ANN401 - of an optional import
    stamp_ns = stamp_of(index)
    peer.publish(
        info_entry(stamp_ns),
        cloud_entry(stamp_ns, cloud(index)),
        image_entry(stamp_ns, picture(index)),
    )


def _subscriptions(peer: Any) -> list[str]:  # noqa: ANN401
    listed = peer.node.get_subscriber_names_and_types_by_node(live.NODE, "/")
    return sorted(name for name, _ in listed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_an_active_node_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with live.live_node(tmp_path, model="nearest") as node, live.peer() as peer:
        peer.wait_for_node()
        assert peer.state() == "active"
        assert node.stop(number) == 0
        assert "Traceback" not in node.log


def test_diagnostics_say_whether_anything_is_to_be_expected(tmp_path: Path) -> None:
    with live.live_node(tmp_path, model="nearest") as _, live.peer() as peer:
        peer.wait_for_node()
        diagnostics = peer.collect("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray")

        def is_said(words: str) -> bool:
            return any(words in item.message for array in diagnostics for item in array.status)

        peer.spin_until(lambda: is_said("idle: nobody listens to any output"), "that it is idle")
        depth = peer.collect(*_DEPTH)
        peer.spin_until(lambda: is_said("no frame was completed yet"), "that it is not")
        peer.publish(mounts_entry())
        peer.spin_for(0.5)
        for index in range(20):
            _send(peer, index)
            peer.spin_for(0.1)
        assert depth
        peer.spin_until(lambda: is_said("completing"), "that it works")
        assert peer.change_state("deactivate")
        peer.spin_until(lambda: is_said("idle: not active"), "that it rests")


def test_all_is_told_while_every_frame_is_dropped(tmp_path: Path) -> None:
    """Without TF no frame can be made."""
    with live.live_node(tmp_path, model="nearest", tf_timeout_ms=0.0) as _, live.peer() as peer:
        peer.wait_for_node()
        diagnostics = peer.collect("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray")
        statuses = peer.collect(
            "/completion_node/status", "depth_completion_ros/msg/CompletionStatus"
        )
        for index in range(40):
            _send(peer, index)
            peer.spin_for(0.1)
        told = [item for array in diagnostics for item in array.status]
        errors = [item for item in told if item.level == b"\x02"]
        assert errors
        assert "every frame is dropped" in errors[-1].message
        assert "no transform" in errors[-1].message
        assert errors[-1].name == "completion_node: completion of /camera/image_raw"
        assert len(statuses) >= 2
        assert statuses[-1].published == 0
        assert statuses[-1].dropped > statuses[0].dropped > 0


def test_simulated_time_that_never_comes_is_told(tmp_path: Path) -> None:
    with live.live_node(tmp_path, model="nearest", use_sim_time=True) as node, live.peer() as peer:
        peer.wait_for_node()
        diagnostics = peer.collect("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray")
        words = "nothing publishes /clock"
        peer.spin_until(lambda: words in node.log, "that it is logged")

        def is_shown() -> bool:
            return any(
                words in v.value
                for array in diagnostics
                for item in array.status
                for v in item.values
            )

        peer.spin_until(is_shown, "that diagnostics show it")


def test_a_lifecycle_shutdown_ends_the_process(tmp_path: Path) -> None:
    with live.live_node(tmp_path, model="nearest") as node, live.peer() as peer:
        peer.wait_for_node()
        assert peer.change_state("shutdown")
        assert node.process.wait(timeout=20) == 0
        assert "Traceback" not in node.log


def test_a_network_without_weights_ends_with_a_sentence(tmp_path: Path) -> None:
    with live.live_node(tmp_path, weights=str(tmp_path / "none.safetensors")) as node:
        assert node.process.wait(timeout=40) == 1
        assert "none.safetensors does not exist" in node.log
        assert "Traceback" not in node.log


def test_a_managed_node_waits_and_goes_through_its_life_twice(tmp_path: Path) -> None:
    with live.live_node(tmp_path, model="nearest", autostart=False) as node, live.peer() as peer:
        peer.spin_until(lambda: live.NODE in peer.node.get_node_names(), "the node")
        assert peer.state() == "unconfigured"
        for turn in range(2):
            assert peer.change_state("configure")
            assert peer.change_state("activate")
            peer.wait_for_node()
            depth = peer.collect(*_DEPTH)
            peer.publish(mounts_entry())
            peer.spin_for(0.5)
            _send(peer, turn)
            peer.spin_until(lambda depth=depth: len(depth) > 0, "a frame")
            assert peer.change_state("deactivate")
            assert peer.state() == "inactive"
            assert peer.change_state("cleanup")
        assert node.process.poll() is None


def test_a_hundred_activations_leave_nothing_behind(tmp_path: Path) -> None:
    with live.live_node(tmp_path, model="nearest") as node, live.peer() as peer:
        peer.wait_for_node()
        peer.spin_until(lambda: set(_subscriptions(peer)) >= _INPUTS, "all that it listens to")
        active = _subscriptions(peer)
        resident: list[float] = []
        threads: list[int] = []
        for _ in range(100):
            assert peer.change_state("deactivate")
            resident.append(node.resident_mib)
            threads.append(len(list(Path(f"/proc/{node.process.pid}/task").iterdir())))
            assert peer.change_state("activate")
        assert resident[-1] - resident[10] < 5.0, resident
        assert threads[-1] <= threads[10]
        peer.spin_until(lambda: _subscriptions(peer) == active, "the subscriptions of one cycle")
        assert peer.change_state("deactivate")
        peer.spin_until(
            lambda: not any("image" in name for name in _subscriptions(peer)), "no subscription"
        )


def test_a_saved_frame_can_be_replayed(tmp_path: Path) -> None:
    settings = {
        "save_folder": str(tmp_path / "saved"),
        "output.support_radius_px": 6.0,
        "save_keep": 2,
    }
    with live.live_node(tmp_path, model="linear", **settings) as node, live.peer() as peer:
        peer.wait_for_node()
        depth = peer.collect(*_DEPTH)
        answer = peer.call(
            "/completion_node/save_frame", std_services.Trigger, std_services.Trigger.Request()
        )
        assert (answer.success, "nothing to save" in answer.message) == (False, True)
        peer.publish(mounts_entry())
        peer.spin_for(0.5)
        _send(peer, 0)
        peer.spin_until(lambda: len(depth) == 1, "a frame")
        answer = peer.call(
            "/completion_node/save_frame", std_services.Trigger, std_services.Trigger.Request()
        )
        assert answer.success, answer.message
        for number in (1, 2):  # the oldest makes room
            _send(peer, number)
            peer.spin_until(lambda: len(depth) == number + 1, "another frame")  # noqa: B023
            assert peer.call(
                "/completion_node/save_frame", std_services.Trigger, std_services.Trigger.Request()
            ).success
        assert node.process.poll() is None
    assert len(list((tmp_path / "saved").iterdir())) == 2
    folder = max((tmp_path / "saved").iterdir())
    words = shlex.split((folder / "replay.txt").read_text(encoding="utf-8"))
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, *words[1:]],
        cwd=folder,
        env={**live.os.environ, "PYTHONPATH": f"{root}:{live.os.environ.get('PYTHONPATH', '')}"},
        check=True,
        capture_output=True,
    )
    replayed = np.load(next((folder / "replayed" / "output_depth").glob("*.npy")))
    published = np.nan_to_num(np.frombuffer(depth[2].data, np.float32).reshape(replayed.shape))
    np.testing.assert_array_equal(replayed, published)


@pytest.mark.skipif(shutil.which("ros2") is None, reason="ros2 is not on the path")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_launch_ends_with_its_node(tmp_path: Path, number: signal.Signals) -> None:
    log = (tmp_path / "launch.log").open("wb")
    launch = subprocess.Popen(
        ["ros2", "launch", "depth_completion_ros", "completion.launch.py", "model:=nearest"],
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**live.os.environ, "ROS_DOMAIN_ID": str(live.DOMAIN_ID)},
        start_new_session=True,
    )
    with live.peer() as peer:
        peer.spin_until(lambda: peer.node.count_subscribers("/image") > 0, "an active node", 90.0)
        launch.send_signal(number)
        code = launch.wait(timeout=60)
        # ros2 launch itself dies of SIGTERM; its node must not be left behind.
        assert code == (0 if number == signal.SIGINT else -signal.SIGTERM)
        peer.spin_until(lambda: peer.node.count_subscribers("/image") == 0, "the node's end", 60.0)
    log.close()
    text = (tmp_path / "launch.log").read_text(encoding="utf-8", errors="replace")
    assert "Traceback" not in text
