# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a setting is, a node publishes what a replay of its bag writes, bit by bit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from depth_completion_core.sensing.pairing import Pairer
from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.wishes import OutputWishes, PlanWishes
from tests.bags.bag_factory import CLOUD_TOPIC, entries_of, write_bare
from tests.bags.lockstep_bag import PROBES, configured, default_of, entries
from tests.ros.lockstep import TOPIC, LiveFace, Twin, replayed

pytestmark = pytest.mark.ros
pytest.importorskip("rclpy", reason="ROS 2 is not sourced")
live: Any = pytest.importorskip("tests.ros.live_node", reason="the package is not built")


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bare(tmp_path_factory.mktemp("bag") / "bag.mcap", entries())


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveFace]:
    """One node for all settings, for they may be set at any time."""
    folder = tmp_path_factory.mktemp("node")
    with (
        live.live_node(folder, torch_threads=1, tf_timeout_ms=3000.0) as node,
        live.peer() as peer,
    ):
        peer.wait_for_node()
        depths = peer.collect(TOPIC, "sensor_msgs/msg/Image")
        yield LiveFace(node=node, peer=peer, depths=depths, measured_topic=CLOUD_TOPIC)


@pytest.mark.parametrize("path", PROBES)
def test_node_and_bag_say_the_same(bag: Path, face: LiveFace, tmp_path: Path, path: str) -> None:
    probe = PROBES[path]
    settings = {**probe.beside, path: probe.value}
    config = configured(settings)
    job = CompletionJob(
        inputs=(bag,),
        output=tmp_path / "replayed.mcap",
        device="cpu",
        settings=config,
        reads=PlanWishes(fixed_frame=probe.fixed_frame),
        writes=OutputWishes(topics=("depth/image",)),
        copies_inputs=False,
    )
    expected = replayed(job)
    face.start_anew({**settings, "fixed_frame": probe.fixed_frame})
    try:
        twin: Twin = Pairer(config.pairing)
        face.publish(entries_of(bag), twin, set(expected))
    finally:
        face.peer.set_parameters({name: default_of(name) for name in settings})
    face.assert_equal(expected, at_least=3)
