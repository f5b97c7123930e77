# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from pathlib import Path

import numpy as np

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
    as_sent,
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


def _pair(stamp_ns: int) -> MessagePair:
    return Pair(
        image=image_entry(stamp_ns, board_image()).message,
        image_stamp_ns=stamp_ns,
        clouds=(cloud_entry(stamp_ns, board_sweep()).message,),
        cloud_stamps_ns=(stamp_ns,),
        gap_ns=0,
    )


class _Watched:
    """A node's eyes, without the node."""

    def __init__(
        self, camera_from_lidar: RigidTransform, topic: str, config: NodeConfig | None = None
    ) -> None:
        transforms = LiveTransforms()
        mount = tf_entry(START_NS, (CAMERA_FRAME, LIDAR_FRAME, camera_from_lidar))
        transforms.add(as_sent(mount.message), is_static=True)
        self.config = config or NodeConfig()
        self.placer = FramePlacer(self.config, topic, transforms)
        self.watch = PlacementWatch(self.placer, self.config, [topic, "/points"])

    def add_info(self, k: CameraModel, p: CameraModel) -> None:
        info = info_entry(START_NS, k).message
        info.p = np.column_stack([p.K, np.zeros(3)]).reshape(-1)
        self.placer.camera_infos.add(info)

    def drive(self, start_ns: int) -> None:
        """Some seconds before the board, to the end of the comparison."""
        self.watch.is_done = False
        for index in range(40):  # ten a second: most are passed over
            pair = _pair(start_ns + index * _SECOND_NS // 10)
            if index % 10 == 0:  # as frames are completed
                self.placer.place(pair, self.config)
            self.watch.add(pair)
        deadline = time.monotonic() + 10.0
        while not self.watch.is_done and time.monotonic() < deadline:
            time.sleep(0.02)
        assert self.watch.is_done


def _watched(
    camera_from_lidar: RigidTransform,
    topic: str,
    k: CameraModel = CAMERA,
    config: NodeConfig | None = None,
) -> _Watched:
    """After some seconds of the board; P is that of the image."""
    watched = _Watched(camera_from_lidar, topic, config)
    watched.add_info(k, p=CAMERA)
    watched.drive(START_NS)
    return watched


def _notes(
    camera_from_lidar: RigidTransform, topic: str, config: NodeConfig | None = None
) -> list[str]:
    return _watched(camera_from_lidar, topic, config=config).watch.notes


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


def test_another_projection_that_edges_show_clearly_is_used() -> None:
    watched = _watched(CAMERA_FROM_LIDAR, "/camera/image_raw", _RAW)
    assert watched.watch.notes == []
    assert watched.placer.is_rectified(NodeConfig())
    assert "P (rectified), as depth edges" in watched.placer.projection(NodeConfig())
    asked = NodeConfig(image_is_rectified="false")
    assert not watched.placer.is_rectified(asked)


def test_a_projection_that_was_asked_for_stays_and_is_doubted() -> None:
    config = NodeConfig(image_is_rectified="false")
    watched = _watched(CAMERA_FROM_LIDAR, "/camera/image_raw", _RAW, config)
    (note,) = watched.watch.notes
    assert "meet the edges of the image with P" in note
    assert 'set image_is_rectified to "true"' in note
    assert not watched.placer.is_rectified(config)


def test_another_calibration_is_looked_at_again() -> None:
    watched = _watched(CAMERA_FROM_LIDAR, "/camera/image_raw", _RAW)
    assert watched.placer.measured_rectified
    watched.add_info(CAMERA, p=_RAW)  # now K is that of the image
    watched.drive(START_NS + 60 * _SECOND_NS)
    assert watched.placer.measured_rectified is False
    assert watched.watch.notes == []
