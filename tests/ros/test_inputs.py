# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every kind of input that a node takes, from the wire to depth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.codecs.depth import decode_depth
from depth_completion_core.geometry.transforms import RigidTransform
from tests.bags.bag_factory import (
    BASE_FRAME,
    CAMERA,
    MS,
    Entry,
    cloud,
    cloud_entry,
    compressed_entry,
    depth_entry,
    image_entry,
    info_entry,
    mounts_entry,
    odometry_entry,
    path_entry,
    picture,
    stamp_of,
    tf_entry,
)

pytestmark = pytest.mark.ros
pytest.importorskip("rclpy", reason="ROS 2 is not sourced")
live: Any = pytest.importorskip("tests.ros.live_node", reason="the package is not built")

_IMAGE_TYPE = "sensor_msgs/msg/Image"
_POSE_TYPE = "geometry_msgs/msg/PoseStamped"
_STAMP = stamp_of(0)
_SEEN = np.zeros((CAMERA.height, CAMERA.width), np.float32)
_SEEN[4:20:3, 6:30:4] = 2.5


def _measured(folder: Path, *entries: Entry, **settings: object) -> tuple[int, str]:
    """Number of measured pixels that the model got of one pair, and what the node said."""
    depth, log = _sparse_depth(folder, *entries, **settings)
    return int(np.isfinite(depth).sum()), log


def _sparse_depth(
    folder: Path, *entries: Entry, **settings: object
) -> tuple[npt.NDArray[np.float32], str]:
    """What the model got of one pair, NaN where nothing, and what the node said."""
    with live.live_node(folder, model="nearest", **settings) as node, live.peer() as peer:
        sparse = peer.collect("/sparse_depth/image", _IMAGE_TYPE)
        peer.publish(mounts_entry())
        peer.spin_for(0.5)
        for entry in entries:
            peer.advertise(entry)
        for entry in entries:
            peer.publish(entry)
            peer.spin_for(0.05)
        peer.spin_until(lambda: bool(sparse), f"a frame; the node says {node.log[-600:]}")
        depth, valid = decode_depth(sparse[-1])
        return np.where(valid, depth, np.float32(np.nan)), node.log


def test_the_calibration_may_come_after_its_image(tmp_path: Path) -> None:
    entries = (cloud_entry(_STAMP, cloud(0)), image_entry(_STAMP, picture(0)), info_entry(_STAMP))
    measured, log = _measured(tmp_path, *entries, camera_info="synchronized", tf_timeout_ms=2000.0)
    assert measured > 0
    assert "frame dropped" not in log


def test_a_calibration_file_takes_the_place_of_camera_info(tmp_path: Path) -> None:
    common = (cloud_entry(_STAMP, cloud(0)), image_entry(_STAMP, picture(0)))
    by_message, _ = _measured(tmp_path, info_entry(_STAMP), *common)
    file = tmp_path / "camchain.yaml"
    file.write_text(
        f"cam0: {{intrinsics: [{CAMERA.fx}, {CAMERA.fy}, {CAMERA.cx}, {CAMERA.cy}], "
        f"resolution: [{CAMERA.width}, {CAMERA.height}]}}",
        encoding="utf-8",
    )
    by_file, log = _measured(tmp_path, *common, camera_info_url=f"file://{file}")
    assert by_file == by_message > 0
    assert "frame dropped" not in log


def test_odometry_is_the_motion_that_tf_does_not_have(tmp_path: Path) -> None:
    """At 5 m/s, with the image 50 ms after the cloud."""
    image_ns = _STAMP + 50 * MS
    times_ns = (_STAMP, image_ns, _STAMP + 100 * MS)
    ahead = {at: (5e-9 * (at - _STAMP), 0.0, 0.0) for at in times_ns}
    poses = {at: RigidTransform.from_quaternion((0, 0, 0, 1), ahead[at]) for at in times_ns}
    sensors = (
        info_entry(_STAMP),
        cloud_entry(_STAMP, cloud(0)),
        image_entry(image_ns, picture(0)),
        cloud_entry(_STAMP + 200 * MS, cloud(1)),  # until it comes, it might be nearer
    )
    by_tf, _ = _sparse_depth(
        tmp_path,
        *(tf_entry(at, ("odom", BASE_FRAME, pose), static=False) for at, pose in poses.items()),
        *sensors,
    )
    by_odometry, log = _sparse_depth(
        tmp_path,
        *(odometry_entry(at, pose) for at, pose in poses.items()),
        *sensors,
        odometry="odometry",
    )
    stamped = [odometry_entry(at, poses[at], msgtype=_POSE_TYPE) for at in times_ns]
    by_path, _ = _sparse_depth(
        tmp_path,
        path_entry(times_ns[-1], stamped),
        *sensors,
        odometry="path",
        odometry_frame=BASE_FRAME,
    )
    file = tmp_path / "trajectory.txt"
    file.write_text(
        "\n".join(f"{at / 1e9:.9f} {ahead[at][0]} 0 0 0 0 0 1" for at in times_ns), encoding="utf-8"
    )
    by_file, _ = _sparse_depth(
        tmp_path, *sensors, odometry_file=str(file), odometry_frame=BASE_FRAME
    )
    still, _ = _sparse_depth(tmp_path, *sensors)
    assert "frame dropped" not in log
    np.testing.assert_array_equal(by_odometry, by_tf)
    np.testing.assert_array_equal(by_path, by_tf)
    np.testing.assert_allclose(by_file, by_tf, atol=1e-5)
    assert np.nanmean(still) > np.nanmean(by_odometry) + 0.2


def test_two_clouds_are_one(tmp_path: Path) -> None:
    common = (info_entry(_STAMP), image_entry(_STAMP, picture(0)))
    first = cloud_entry(_STAMP, cloud(0))
    second = cloud_entry(_STAMP, cloud(1), topic="/second/points")
    alone, _ = _measured(tmp_path, first, *common)
    both, _ = _measured(
        tmp_path, first, second, *common, points_topics="[/lidar/points, /second/points]"
    )
    assert alone < both <= 2 * alone + 400


def test_clouds_of_the_time_before_are_added(tmp_path: Path) -> None:
    earlier = [cloud_entry(stamp_of(index), cloud(index)) for index in range(4)]
    now = stamp_of(3)
    common = (*earlier, info_entry(now), image_entry(now, picture(0)))
    alone, _ = _measured(tmp_path, *common)
    accumulated, _ = _measured(tmp_path, *common, **{"pairing.accumulate_ms": 5000.0})
    assert accumulated > alone


def test_a_compressed_image(tmp_path: Path) -> None:
    _, file = cv2.imencode(".png", picture(0))
    image = compressed_entry(_STAMP, file.ravel(), topic="/camera/image_raw/compressed")
    entries = (info_entry(_STAMP), cloud_entry(_STAMP, cloud(0)), image)
    remap = (*live.REMAPPINGS, ("image/compressed", image.topic))
    measured, _ = _measured(tmp_path, *entries, image_transport="compressed", remap=remap)
    assert measured > 0


@pytest.mark.parametrize("measurements", ["depth", "compressed_depth"])
def test_a_depth_image_is_the_measurements(tmp_path: Path, measurements: str) -> None:
    topic = "/camera/depth/image"
    remap = (*live.REMAPPINGS, ("sparse_depth", topic))
    depth = depth_entry(_STAMP, _SEEN, topic=topic)
    if measurements == "compressed_depth":
        _, file = cv2.imencode(".png", (_SEEN * 1000).astype(np.uint16))
        compressed = f"{topic}/compressedDepth"
        words = "16UC1; compressedDepth png"
        depth = compressed_entry(
            _STAMP,
            np.concatenate([np.zeros(12, np.uint8), file.ravel()]),
            topic=compressed,
            format_=words,
        )
        remap = (*live.REMAPPINGS, ("sparse_depth/compressedDepth", compressed))
    entries = (info_entry(_STAMP), depth, image_entry(_STAMP, picture(0)))
    measured, _ = _measured(tmp_path, *entries, measurements=measurements, remap=remap)
    assert measured == int((_SEEN > 0).sum())
