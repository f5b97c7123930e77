# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever is measured and whatever a model looks at, node and bag say the same, bit by bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from depth_completion_core.codecs.message_kinds import MESSAGE_TYPES
from depth_completion_core.config import PairingConfig
from depth_completion_core.models import MODELS
from depth_completion_core.sensing.measurement_kinds import MEASUREMENT_KINDS, MeasurementName
from depth_completion_core.sensing.pairing import Pairer
from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.wishes import OutputWishes, PlanWishes, TopicWishes
from tests.bags import depth_bag, lockstep_bag
from tests.bags.bag_factory import CLOUD_TOPIC, Entry, without, write_bare
from tests.bags.listed_points import TYPES, listed
from tests.dummies.table import DUMMIES, register
from tests.ros.lockstep import TOPIC, LiveFace, Twin, replayed

pytestmark = pytest.mark.ros
pytest.importorskip("rclpy", reason="ROS 2 is not sourced")
live: Any = pytest.importorskip("tests.ros.live_node", reason="the package is not built")


@dataclass(frozen=True)
class _Case:
    model: str
    measurements: MeasurementName = "points"

    def entries(self) -> list[Entry]:
        if self.measurements == "none":
            return without(lockstep_bag.entries(), CLOUD_TOPIC, "/tf", "/tf_static")
        if self.measurements == "points":
            return lockstep_bag.entries()
        if MEASUREMENT_KINDS[self.measurements].are_points:
            return listed(lockstep_bag.entries(), self.msgtype)
        return depth_bag.depth_drive(5, is_compressed=self.measurements == "compressed_depth")

    @property
    def msgtype(self) -> str:
        kind = MEASUREMENT_KINDS[self.measurements].message
        return MESSAGE_TYPES[kind] if kind else ""

    @property
    def topic(self) -> str:
        kind = MEASUREMENT_KINDS[self.measurements]
        return CLOUD_TOPIC if kind.are_points else depth_bag.TOPIC if kind.message else ""


_CASES = [
    _Case("nearest", "point_list"),
    _Case("nearest", "livox_points"),
    _Case("linear", "depth"),
    _Case("nearest", "compressed_depth"),
    _Case("monocular", "none"),
    *(_Case(name) for name in DUMMIES),
]


def test_all_kinds_of_measurements_and_networks_are_compared() -> None:
    assert {case.measurements for case in _CASES} == set(MEASUREMENT_KINDS)
    assert {case.model for case in _CASES} >= set(DUMMIES)


@pytest.mark.parametrize("case", _CASES, ids=lambda case: f"{case.model} {case.measurements}")
def test_node_and_bag_say_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: _Case
) -> None:
    package = case.msgtype.partition("/")[0]
    if package:
        pytest.importorskip(f"{package}.msg", reason="the driver's messages are not installed")
    register(monkeypatch)
    assert case.model in MODELS
    recorded = case.entries()
    job = CompletionJob(
        inputs=(write_bare(tmp_path / "bag.mcap", recorded, typestore=TYPES),),
        output=tmp_path / "replayed.mcap",
        model=case.model,
        device="cpu",
        reads=PlanWishes(topics=TopicWishes(measurements=case.measurements)),
        writes=OutputWishes(topics=("depth/image",)),
        copies_inputs=False,
    )
    expected = replayed(job)
    kind = MEASUREMENT_KINDS[case.measurements]
    remap = [*live.REMAPPINGS, *([(kind.topic, case.topic)] if kind.topic else [])]
    parameters: dict[str, object] = {"torch_threads": 1, "tf_timeout_ms": 3000.0}
    if case.topic:
        parameters[f"qos_overrides.{case.topic}.subscription.reliability"] = "reliable"
        parameters[f"qos_overrides.{case.topic}.subscription.depth"] = 50
    with (
        live.live_node(
            tmp_path,
            remap=remap,
            module="tests.dummies.completion_node",
            model=case.model,
            measurements=case.measurements,
            **parameters,
        ) as node,
        live.peer() as peer,
    ):
        peer.wait_for_node()
        depths = peer.collect(TOPIC, "sensor_msgs/msg/Image")
        face = LiveFace(node=node, peer=peer, depths=depths, measured_topic=case.topic)
        twin: Twin = Pairer(PairingConfig(), 1 if case.topic else 0)
        face.publish(recorded, twin, set(expected))
        face.assert_equal(expected, at_least=3)
