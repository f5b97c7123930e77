# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ten times more pairs than the model can take: the newest are completed, nothing queues up."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.geometry.camera import CameraModel
from tests.bags.bag_factory import (
    MS,
    cloud,
    cloud_entry,
    image_entry,
    info_entry,
    mounts_entry,
    picture,
    stamp_of,
)
from tests.core.checkpoints.released_checkpoints import seeded_checkpoint

pytestmark = pytest.mark.ros
pytest.importorskip("rclpy", reason="ROS 2 is not sourced")
live: Any = pytest.importorskip("tests.ros.live_node", reason="the package is not built")

_CAMERA = CameraModel(fx=240.0, fy=240.0, cx=159.5, cy=119.5, width=320, height=240)
_SECONDS = 12.0
_PAIRS_PER_ANSWER = 6  # as many come while the model is at work


def test_the_newest_pair_is_served_and_nothing_queues_up(tmp_path: Path) -> None:
    weights = seeded_checkpoint(tmp_path / "fusionnet.safetensors", "fusionnet")
    with (
        live.live_node(tmp_path, weights=str(weights), torch_threads=1) as node,
        live.peer() as peer,
    ):
        peer.wait_for_node()
        peer.publish(mounts_entry())
        peer.collect("/depth/image", "sensor_msgs/msg/Image")
        statuses = peer.collect(
            "/completion_node/status", "depth_completion_ros/msg/CompletionStatus"
        )
        model_ms = _alone(peer, statuses)
        period_s = model_ms / 1e3 / _PAIRS_PER_ANSWER
        sent = _flood(peer, period_s)
        peer.spin_for(1.0)
        loaded = statuses[5:]
        own_ms = np.array(
            [s.decode_ms + s.project_ms + s.network_ms + s.publish_ms for s in loaded]
        )
        waited_ms = np.array([s.total_ms for s in loaded]) - own_ms
        # A pair waits in the slot for less than the time until the next one replaces it.
        assert np.median(waited_ms) < 1e3 * period_s + 5
        drops = dict(zip(loaded[-1].drop_reasons, loaded[-1].drop_counts, strict=True))
        replaced = drops["a newer pair came before the model was free"]
        assert len(loaded) + replaced >= 0.9 * sent
        assert node.process.poll() is None


def _alone(peer: Any, statuses: list[Any]) -> float:  # noqa: ANN401 - of an optional import
    for index in range(5):
        _send(peer, index)
        peer.spin_until(lambda index=index: len(statuses) > index, "a frame without load")
    return float(np.median([status.network_ms for status in statuses]))


def _flood(peer: Any, period_s: float) -> int:  # noqa: ANN401
    sent, start = 0, time.monotonic()
    while (now := time.monotonic() - start) < _SECONDS:
        if now >= sent * period_s:
            _send(peer, 10 + sent)
            sent += 1
        peer.spin_for(0.0005)
    return sent


def _send(peer: Any, index: int) -> None:  # noqa: ANN401
    stamp_ns = stamp_of(0) + index * 5 * MS
    peer.publish(
        info_entry(stamp_ns, _CAMERA),
        cloud_entry(stamp_ns, cloud(0)),
        image_entry(stamp_ns, picture(0, _CAMERA.width, _CAMERA.height)),
    )
