# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.pair import MessagePair, Pair
from depth_completion_ros.frame_placer import FramePlacer
from depth_completion_ros.live_transforms import LiveTransforms
from depth_completion_ros.node_config import NodeConfig
from depth_completion_ros.placement_watch import PlacementWatch
from tests.bags.bag_factory import (
    CAMERA_FRAME,
    LIDAR_FRAME,
    START_NS,
    cloud_entry,
    image_entry,
    info_entry,
    tf_entry,
)
from tests.core.alignment.board_scene import (
    CAMERA,
    CAMERA_FROM_LIDAR,
    OPTICAL_FROM_BODY,
    board_image,
    board_sweep,
)

_RAW = CameraModel(fx=215.0, fy=214.0, cx=118.0, cy=88.0, width=CAMERA.width, height=CAMERA.height)
_SECOND_NS = 10**9
_DEFAULTS = NodeConfig()


def _pair(stamp_ns: int) -> MessagePair:
    return Pair(
        image=image_entry(stamp_ns, board_image()).message,
        image_stamp_ns=stamp_ns,
        clouds=(cloud_entry(stamp_ns, board_sweep()).message,),
        cloud_stamps_ns=(stamp_ns,),
        gap_ns=0,
    )


def _notes(
    camera_from_lidar: RigidTransform,
    topic: str,
    k: CameraModel = CAMERA,
    config: NodeConfig = _DEFAULTS,
) -> list[str]:
    """What is said after some seconds of the board; P is always that of the image."""
    transforms = LiveTransforms()
    mount = tf_entry(START_NS, (CAMERA_FRAME, LIDAR_FRAME, camera_from_lidar))
    transforms.add(mount.message, is_static=True)
    placer = FramePlacer(config, topic, transforms)
    info = info_entry(START_NS, k).message
    info.p = np.column_stack([CAMERA.K, np.zeros(3)]).reshape(-1)
    placer.camera_infos.add(info)
    watch = PlacementWatch(placer, config, [topic, "/points"])
    for index in range(40):  # ten a second: most are passed over
        assert watch.notes == [] or index > 20
        watch.add(_pair(START_NS + index * _SECOND_NS // 10))
    deadline = time.monotonic() + 10.0
    while not watch.is_done and time.monotonic() < deadline:
        time.sleep(0.02)
    assert watch.is_done
    return watch.notes


def test_a_right_set_up_is_not_doubted() -> None:
    assert _notes(CAMERA_FROM_LIDAR, "/camera/image_raw") == []


def test_a_body_frame_is_told_with_what_to_do() -> None:
    body = OPTICAL_FROM_BODY.inverse() @ CAMERA_FROM_LIDAR
    (note,) = _notes(body, "/camera/image_raw")
    assert "/camera/image_raw + /points" in note
    assert "were a body frame (x forward)" in note
    assert "_optical_frame" in note


def test_extrinsics_that_no_cloud_has_are_told(tmp_path: Path) -> None:
    path = tmp_path / "extrinsics.yaml"
    entry = "{translation: [0, 0, 0], quaternion_xyzw: [0, 0, 0, 1]}"
    path.write_text(f"optical_frame_from:\n  velodyne: {entry}\n", encoding="utf-8")
    config = NodeConfig(extrinsics_file=str(path))
    (note,) = _notes(CAMERA_FROM_LIDAR, "/camera/image_raw", config=config)
    assert "the extrinsics of 'velodyne' are not used" in note


@pytest.mark.parametrize(
    ("topic", "is_told"), [("/camera/image_raw", True), ("/camera/image_rect", False)]
)
def test_images_that_fit_the_other_projection_are_told(topic: str, is_told: bool) -> None:
    notes = _notes(CAMERA_FROM_LIDAR, topic, _RAW)
    assert len(notes) == is_told
    if is_told:
        assert "meet the edges of the image with P" in notes[0]
        assert 'set image_is_rectified to "true"' in notes[0]
