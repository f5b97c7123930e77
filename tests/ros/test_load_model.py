# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Models that replace the one in use while frames come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.completer import load_model
from tests.bags.bag_factory import (
    cloud,
    cloud_entry,
    frame_of,
    image_entry,
    info_entry,
    mounts_entry,
    picture,
    stamp_of,
)

pytestmark = pytest.mark.ros
pytest.importorskip("rclpy", reason="ROS 2 is not sourced")
live: Any = pytest.importorskip("tests.ros.live_node", reason="the package is not built")
services: Any = pytest.importorskip("depth_completion_ros.srv")

_DEPTH = ("/depth/image", "sensor_msgs/msg/Image")
_STATUS = ("/completion_node/status", "depth_completion_ros/msg/CompletionStatus")
_SERVICE = "/completion_node/load_model"


def _send(peer: Any, index: int) -> None:  # noqa: ANN401 - of an optional import
    stamp_ns = stamp_of(index)
    peer.publish(
        info_entry(stamp_ns),
        cloud_entry(stamp_ns, cloud(index)),
        image_entry(stamp_ns, picture(index)),
    )


def test_the_model_changes_while_frames_come(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "text.safetensors").write_text("no weights", encoding="utf-8")
    settings = {"model": "nearest", "weights_folder": str(weights)}
    with live.live_node(tmp_path, **settings) as node, live.peer() as peer:
        peer.wait_for_node()
        depth = peer.collect(*_DEPTH)
        status = peer.collect(*_STATUS)
        peer.publish(mounts_entry())
        peer.spin_for(0.5)
        kind = services.LoadModel
        outside = {
            peer.call(_SERVICE, kind, kind.Request(weights=path)).message
            for path in ("/nowhere.safetensors", "/etc/passwd", "../x.onnx")
        }
        expected = f"loaded only from the folder weights_folder, {weights}. The old model stays"
        assert {text.endswith(expected) for text in outside} == {True}
        assert len(outside) == 1  # it does not tell which of them exist
        bad = peer.call(_SERVICE, kind, kind.Request(weights="text.safetensors"))
        assert (bad.success, "text.safetensors" in bad.message) == (False, True)
        _send(peer, 0)
        peer.spin_until(lambda: len(status) == 1, "a frame")
        good = peer.call(_SERVICE, kind, kind.Request(model="linear"))
        assert good.success, good.message
        _send(peer, 1)
        peer.spin_until(lambda: len(status) == 2, "another frame")
        assert [item.model for item in status] == ["nearest", "linear"]
        assert bytes(depth[0].data) != bytes(depth[1].data)
        assert node.process.poll() is None


def test_of_two_models_at_once_the_second_is_refused(tmp_path: Path) -> None:
    """Both calls are sent before either is answered."""
    with live.live_node(tmp_path, model="nearest"), live.peer() as peer:
        peer.wait_for_node()
        kind = services.LoadModel
        assert not peer.call(_SERVICE, kind, kind.Request()).success  # the client is connected now
        client = peer.clients[_SERVICE]
        names = ("scaffnet", "linear")
        calls = [client.call_async(kind.Request(model=name)) for name in names]
        peer.spin_until(lambda: all(call.done() for call in calls), "both answers")
        first, second = (call.result() for call in calls)
        assert first.success, first.message
        assert not second.success
        assert "'scaffnet' is loading now: call again when it is done" in second.message
        assert peer.call(_SERVICE, kind, kind.Request(model="linear")).success


def test_exported_networks_run_and_replace_each_other(tmp_path: Path) -> None:
    """From the start, and by the service; what is published is what core says of the frame."""
    pytest.importorskip("onnxruntime", reason="for exported networks")
    graphs = pytest.importorskip("tests.core.checkpoints.onnx_graphs", reason="onnx makes them")
    first = graphs.brightness_depth(tmp_path / "first.onnx")
    inputs = [graphs.IMAGE, graphs.SPARSE_DEPTH, graphs.VALIDITY_MAP]
    copy = graphs.helper.make_node("Identity", ["sparse_depth"], ["depth"])
    second = graphs.save_graph(tmp_path / "second.onnx", inputs, [copy])
    settings = {"weights": str(first), "weights_folder": str(tmp_path)}
    with live.live_node(tmp_path, **settings) as node, live.peer() as peer:
        peer.wait_for_node()
        depth, status = peer.collect(*_DEPTH), peer.collect(*_STATUS)
        peer.publish(mounts_entry())
        peer.spin_for(0.5)
        kind = services.LoadModel
        for index, path in enumerate((first, second)):
            if index:
                answer = peer.call(_SERVICE, kind, kind.Request(weights=path.name))
                assert answer.success, answer.message
            _send(peer, index)
            peer.spin_until(lambda: len(depth) == len(status) == index + 1, "a frame")  # noqa: B023
            prediction = load_model(str(path), device="cpu").complete(frame_of(index))
            expected = np.where(prediction.valid, prediction.depth, np.float32(np.nan))
            published = np.frombuffer(depth[index].data, np.float32).reshape(expected.shape)
            np.testing.assert_array_equal(published, expected)
        assert [Path(item.model).name for item in status] == ["first.onnx", "second.onnx"]
        assert node.process.poll() is None
