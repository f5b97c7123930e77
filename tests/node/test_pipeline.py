# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The way of one pair through the node, all of it but rclpy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.completer import DepthCompleter, load_model
from depth_completion_core.config import CloudConfig, InferenceConfig, OutputConfig, PairingConfig
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.needs import ModelNeeds
from depth_completion_core.sensing.measurement_kinds import MeasurementName
from depth_completion_core.sensing.output_topics import CompletedFrame
from depth_completion_core.sensing.pair import MessagePair, Pair
from depth_completion_core.sensing.pairing import Pairer
from depth_completion_ros.camera_infos import CameraInfos
from depth_completion_ros.drops import Drops
from depth_completion_ros.frame_placer import FramePlacer
from depth_completion_ros.frame_report import FrameReport
from depth_completion_ros.live_transforms import LiveTransforms
from depth_completion_ros.model_in_use import ModelInUse
from depth_completion_ros.node_config import NodeConfig
from depth_completion_ros.pipeline import PairToComplete, Pipeline
from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.run_completion import run_job
from tests.bags.bag_factory import (
    CLOUD_TOPIC,
    IMAGE_TOPIC,
    as_sent,
    cloud,
    cloud_entry,
    depths_of,
    drive,
    image_entry,
    info_entry,
    mounts_entry,
    picture,
    stamp_of,
    write_bare,
)
from tests.dummies.table import register

_WALL_M = 5.0


class _Wall(CompletionModel):
    """A wall; calls a function while it works."""

    def __init__(self, while_working: Callable[[], None]) -> None:
        super().__init__()
        self._while_working = while_working

    def forward(self, inputs: ModelInput) -> ModelOutput:
        self._while_working()
        return ModelOutput(depth=inputs.sparse_depth * 0 + _WALL_M)


class _Listener:
    """Stands where the publishers are."""

    def __init__(self) -> None:
        self.are_wanted = True
        self.heard: list[CompletedFrame] = []

    def publish(self, done: CompletedFrame) -> None:
        self.heard.append(done)


class _Node:
    """A pipeline with everything around it that is not rclpy."""

    def __init__(self, completer: DepthCompleter, config: NodeConfig) -> None:
        self.listener, self.reports = _Listener(), list[FrameReport]()
        self.drops = Drops(lambda sentence: None)
        transforms = LiveTransforms()
        transforms.add(as_sent(mounts_entry().message), is_static=True)
        placer = FramePlacer(config, "image", transforms)
        placer.camera_infos = CameraInfos(by_stamp=False)
        placer.camera_infos.add(info_entry(stamp_of(0)).message)
        self.pipeline = Pipeline(
            ModelInUse.of(completer, config),
            placer=placer,
            outputs=self.listener,  # type: ignore[arg-type]  # without publishers
            drops=self.drops,
            now_ns=lambda: stamp_of(0),
            report=self.reports.append,
        )

    def complete(self, index: int) -> CompletedFrame:
        self.pipeline.handle(PairToComplete(messages=_pair(index)))
        assert self.drops.counts == {}
        return self.listener.heard[-1]


def test_a_model_that_skips_frames_sees_the_images_before_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a replay of the bag does, in which no frame is skipped."""
    register(monkeypatch)
    completer = load_model("two_views", device="cpu")
    config = NodeConfig(model="two_views")
    node = _Node(completer, config)
    wanted = node.pipeline.in_use.wanted_views
    pairer: Pairer[Any, Any] = Pairer(config.pairing, earlier_pairs=wanted.earlier_images)
    pairs: list[MessagePair] = []
    for entry in drive(6):
        if entry.topic == IMAGE_TOPIC:
            pairs += pairer.add_image(entry.log_ns, entry.message)
        elif entry.topic == CLOUD_TOPIC:
            pairs += pairer.add_cloud(entry.log_ns, entry.message)
    for pair in (pairs[0], pairs[2], pairs[5]):
        node.pipeline.handle(PairToComplete(messages=pair))
    assert node.drops.counts == {"an earlier image is missing": 1}
    job = CompletionJob(
        inputs=(write_bare(tmp_path / "drive.mcap", drive(6)),),
        output=tmp_path / "completed.mcap",
        model="two_views",
        device="cpu",
    )
    run_job(job)
    replayed = dict(zip(range(1, 6), depths_of(job.output), strict=True))
    assert len(node.listener.heard) == 2
    for done, index in zip(node.listener.heard, (2, 5), strict=True):
        np.testing.assert_array_equal(done.prediction.depth, replayed[index])


def test_a_model_of_images_alone_completes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    completer = load_model("monocular", device="cpu")
    node = _Node(completer, NodeConfig(model="monocular", measurements="none"))
    (pair,) = Pairer[Any, Any](PairingConfig(), 0).add_image(
        stamp_of(0), image_entry(stamp_of(0), picture(0)).message
    )
    node.pipeline.handle(PairToComplete(messages=pair))
    assert node.drops.counts == {}
    assert node.listener.heard[0].prediction.valid.all()


@pytest.mark.parametrize(
    ("model", "measurements", "words"),
    [("linear", "none", "needs measured depth"), ("later", "points", "images that come later")],
)
def test_a_model_that_no_stream_can_serve_is_refused(
    model: str, measurements: MeasurementName, words: str
) -> None:
    completer = DepthCompleter(_Wall(lambda: None))
    if model == "later":
        completer.model.needs = ModelNeeds(view_offsets=(1,))
    with pytest.raises(ValueError, match=f"'{model}' {words}|'{model}' looks at {words}"):
        ModelInUse.of(completer, NodeConfig(model=model, measurements=measurements))


def _pair(index: int) -> MessagePair:
    at = stamp_of(index)
    image: Any = image_entry(at, picture(index)).message
    points: Any = cloud_entry(at, cloud(index)).message
    return Pair(image=image, image_stamp_ns=at, clouds=(points,), cloud_stamps_ns=(at,), gap_ns=0)


_BEFORE = NodeConfig(warmup_size_px=(32, 24), model="before")
_AFTER = replace(
    _BEFORE,
    model="after",
    depth_encoding="16UC1",
    inference=InferenceConfig(roi_px=(0, 0, 32, 48)),
    output=OutputConfig(max_depth=_WALL_M - 1.0),
    cloud=CloudConfig(stride=4),
)


def test_settings_that_change_while_a_frame_is_completed_count_from_the_next_one() -> None:
    def change() -> None:
        node.pipeline.in_use = ModelInUse.of(node.pipeline.in_use.completer, _AFTER)

    node = _Node(DepthCompleter(_Wall(change)), _BEFORE)
    first, second = node.complete(0), node.complete(1)
    assert first.prediction.valid.all()
    np.testing.assert_array_equal(first.prediction.depth, _WALL_M)
    assert (first.depth_encoding, first.cloud) == (_BEFORE.depth_encoding, _BEFORE.cloud)
    assert not second.prediction.valid.any()
    assert (second.depth_encoding, second.cloud) == (_AFTER.depth_encoding, _AFTER.cloud)
    assert [report.in_use.name for report in node.reports] == ["before", "after"]
    assert node.pipeline.last is not None
    assert node.pipeline.last.in_use.config is _AFTER


def test_depth_beyond_16uc1_is_told_for_as_long_as_there_was_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "_WALL_M", 70.0)
    config = NodeConfig()
    node = _Node(DepthCompleter(_Wall(lambda: None)), config)
    node.complete(0)
    assert node.pipeline.notes == []
    millimetres = replace(config, depth_encoding="16UC1")
    node.pipeline.in_use = ModelInUse.of(node.pipeline.in_use.completer, millimetres)
    node.complete(1)
    (note,) = node.pipeline.notes
    assert note.startswith("100 % of the image is 0 in the depth images")
    assert "live: depth_encoding" in note


def test_a_model_that_is_replaced_meanwhile_still_ends_its_frame() -> None:
    def replace_model() -> None:
        other = DepthCompleter(_Wall(lambda: None))
        node.pipeline.in_use = ModelInUse.of(other, _AFTER)

    node = _Node(DepthCompleter(_Wall(replace_model)), _BEFORE)
    first = node.complete(0)
    assert first.prediction.valid.all()
    assert node.pipeline.last is not None
    assert node.pipeline.last.in_use.name == "before"


def test_settings_that_change_while_points_are_projected_count_from_the_next_frame() -> None:
    """The measurements are projected once for the holdout and never again."""
    config = replace(_BEFORE, holdout=0.3)
    node = _Node(DepthCompleter(_Wall(lambda: None)), config)
    alone = node.complete(0).prediction
    near = replace(config.projection, max_depth=6.0)

    class _Changing(DepthCompleter):
        def sparse_depth(self, frame: Any) -> Any:  # noqa: ANN401 - as its base
            found = super().sparse_depth(frame)
            node.pipeline.in_use = ModelInUse.of(self, replace(config, projection=near))
            return found

    node.pipeline.in_use = ModelInUse.of(_Changing(_Wall(lambda: None)), config)
    first, second = node.complete(0).prediction, node.complete(0).prediction
    np.testing.assert_array_equal(first.sparse.depth, alone.sparse.depth)
    assert second.sparse.count < first.sparse.count
