# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Odometry beside TF does what the same motion in TF does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.config import PairingConfig
from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.complete import main
from rosbag_tools.inspection import inspect_bag
from rosbag_tools.reader import BagReader
from rosbag_tools.wishes import PlanWishes
from tests.bags.bag_factory import (
    BASE_FRAME,
    BASE_FROM_CAMERA,
    BASE_FROM_LIDAR,
    CAMERA_FRAME,
    CAMERA_FROM_LIDAR,
    IMAGE_TOPIC,
    LIDAR_FRAME,
    MS,
    ODOMETRY_TOPIC,
    START_NS,
    Entry,
    Float32Array,
    cloud,
    cloud_entry,
    depths_of,
    image_entry,
    info_entry,
    mounts_entry,
    odometry_entry,
    path_entry,
    picture,
    tf_entry,
    without,
    write_ros1,
    write_ros2,
)

_IMAGE_NS = START_NS + 50 * MS
_TIMES_NS = (START_NS, _IMAGE_NS, START_NS + 100 * MS)


def _odom_from_base(stamp_ns: int) -> RigidTransform:
    """Ahead at 5 m/s, and turning."""
    share = (stamp_ns - START_NS) / 1e9
    half = 0.25 * share
    rotation = (0.0, 0.0, float(np.sin(half)), float(np.cos(half)))
    return RigidTransform.from_quaternion(rotation, (5.0 * share, 0.0, 0.0))


def _sensors() -> list[Entry]:
    """One image, 50 ms after the cloud."""
    return [
        mounts_entry(),
        info_entry(START_NS),
        cloud_entry(START_NS, cloud(0)),
        image_entry(_IMAGE_NS, picture(0)),
    ]


def _in_tf(parent: str = "odom") -> list[Entry]:
    moving = [
        tf_entry(at, (parent, BASE_FRAME, _odom_from_base(at)), static=False) for at in _TIMES_NS
    ]
    return [*_sensors(), *moving]


def _odometry(parent: str = "odom", child: str = BASE_FRAME) -> list[Entry]:
    return [odometry_entry(at, _odom_from_base(at), parent=parent, child=child) for at in _TIMES_NS]


def _trajectory(path: Path, base_from_moving: RigidTransform) -> Path:
    lines = ["# timestamp tx ty tz qx qy qz qw"]
    for at in _TIMES_NS:
        pose = _odom_from_base(at) @ base_from_moving
        numbers = [*pose.translation.tolist(), *pose.quaternion_xyzw.tolist()]
        lines.append(f"{at // 10**9}.{at % 10**9:09d} " + " ".join(map(repr, numbers)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _sparse(
    folder: Path, entries: Iterable[Entry], *flags: str, ros1: bool = False
) -> Float32Array:
    folder.mkdir()
    ordered = sorted(entries, key=lambda entry: entry.log_ns)
    bag = write_ros1(folder / "a.bag", ordered) if ros1 else write_ros2(folder / "bag", ordered)
    common = ["--device", "cpu", "--model", "nearest", "--topics", "sparse_depth/image"]
    assert main([str(bag), str(folder / "out"), *common, *flags]) == 0
    (depth,) = depths_of(folder / "out", "/sparse_depth/image")
    return depth


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Float32Array:
    depth = _sparse(tmp_path_factory.mktemp("tf") / "tf", _in_tf())
    still = _sparse(tmp_path_factory.mktemp("tf") / "still", _in_tf(), "--fixed-frame", "none")
    assert np.isfinite(depth).sum() > 50
    assert np.nanmean(still) > np.nanmean(depth) + 0.2  # 5 m/s for 50 ms
    return depth


@pytest.mark.parametrize("ros1", [False, True])
def test_odometry_messages_are_the_motion(
    tmp_path: Path, expected: Float32Array, capsys: pytest.CaptureFixture[str], ros1: bool
) -> None:
    entries = [*_sensors(), *_odometry()]
    found = _sparse(tmp_path / "bag", entries, "--odometry", ODOMETRY_TOPIC, ros1=ros1)
    np.testing.assert_array_equal(found, expected)
    told = capsys.readouterr().out
    assert "undone through the fixed frame 'odom'" in told
    assert f"'{BASE_FRAME}' moves against 'odom' as {ODOMETRY_TOPIC} says (3 poses)" in told


@pytest.mark.parametrize("kind", ["PoseStamped", "PoseWithCovarianceStamped"])
def test_poses_are_the_motion_of_the_frame_that_is_named(
    tmp_path: Path, expected: Float32Array, kind: str
) -> None:
    msgtype = f"geometry_msgs/msg/{kind}"
    poses = [odometry_entry(at, _odom_from_base(at), msgtype=msgtype) for at in _TIMES_NS]
    flags = ["--odometry", ODOMETRY_TOPIC, "--odometry-frame", BASE_FRAME]
    found = _sparse(tmp_path / "bag", [*_sensors(), *poses], *flags)
    np.testing.assert_array_equal(found, expected)


def _paths(*, is_growing: bool) -> list[Entry]:
    """A path that is published with each new pose; its first draft is wrong about the past."""
    msgtype = "geometry_msgs/msg/PoseStamped"
    right = [odometry_entry(at, _odom_from_base(at), msgtype=msgtype) for at in _TIMES_NS]
    draft = RigidTransform.from_quaternion((0, 0, 0, 1), (0.3, 0.0, 0.0))
    wrong = [odometry_entry(at, draft, msgtype=msgtype) for at in _TIMES_NS[:1]]
    if is_growing:
        return [
            path_entry(_TIMES_NS[0], wrong),
            path_entry(_TIMES_NS[1], right[:2]),
            path_entry(_TIMES_NS[2], right),
        ]
    return [path_entry(_TIMES_NS[1], right[:2]), path_entry(_TIMES_NS[2], right[1:])]


@pytest.mark.parametrize("is_growing", [True, False])
def test_a_path_is_the_motion_as_it_is_known_last(
    tmp_path: Path, expected: Float32Array, is_growing: bool
) -> None:
    flags = ["--odometry", ODOMETRY_TOPIC, "--odometry-frame", BASE_FRAME]
    found = _sparse(tmp_path / "bag", [*_sensors(), *_paths(is_growing=is_growing)], *flags)
    np.testing.assert_array_equal(found, expected)


def test_the_path_of_a_planner_is_no_odometry(tmp_path: Path) -> None:
    planned = [
        odometry_entry(0, _odom_from_base(at), msgtype="geometry_msgs/msg/PoseStamped")
        for at in _TIMES_NS
    ]
    told = _told(tmp_path, [*_sensors(), path_entry(START_NS, planned)], ODOMETRY_TOPIC, BASE_FRAME)
    assert "the poses of the path have no stamps of their own" in told


@pytest.mark.parametrize("frame", [BASE_FRAME, CAMERA_FRAME, LIDAR_FRAME])
def test_a_trajectory_file_is_the_motion_of_any_frame(
    tmp_path: Path, expected: Float32Array, frame: str
) -> None:
    """Also of one that has a parent in TF, which it keeps."""
    base_from = {CAMERA_FRAME: BASE_FROM_CAMERA, LIDAR_FRAME: BASE_FROM_LIDAR}
    moving = base_from.get(frame, RigidTransform.identity())
    path = _trajectory(tmp_path / "trajectory.txt", moving)
    flags = ["--odometry", str(path), "--odometry-frame", frame]
    found = _sparse(tmp_path / "bag", _sensors(), *flags)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_extrinsics_by_hand_and_the_lidar_s_trajectory_need_no_tf(
    tmp_path: Path, expected: Float32Array
) -> None:
    quaternion = CAMERA_FROM_LIDAR.quaternion_xyzw.tolist()
    place = (
        f"{{translation: {CAMERA_FROM_LIDAR.translation.tolist()}, quaternion_xyzw: {quaternion}}}"
    )
    extrinsics = tmp_path / "extrinsics.yaml"
    extrinsics.write_text(f"optical_frame_from: {{{LIDAR_FRAME}: {place}}}", encoding="utf-8")
    path = _trajectory(tmp_path / "trajectory.txt", BASE_FROM_LIDAR)
    flags = ["--odometry", str(path), "--odometry-frame", LIDAR_FRAME]
    flags += ["--extrinsics", str(extrinsics)]
    found = _sparse(tmp_path / "bag", without(_sensors(), "/tf_static"), *flags)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_odometry_counts_where_tf_says_something_else(
    tmp_path: Path, expected: Float32Array
) -> None:
    """Wheels in TF, a better odometry beside it, both named odom."""
    slipping = [
        tf_entry(at, ("odom", BASE_FRAME, RigidTransform.identity()), static=False)
        for at in _TIMES_NS
    ]
    entries = [*_sensors(), *slipping, *_odometry()]
    found = _sparse(tmp_path / "bag", entries, "--odometry", ODOMETRY_TOPIC)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def _told(folder: Path, entries: Sequence[Entry], odometry: str = "", moving: str = "") -> str:
    bag = write_ros2(folder / "bag", sorted(entries, key=lambda entry: entry.log_ns))
    with BagReader([bag]) as reader:
        wishes = PlanWishes(odometry=odometry, odometry_frame=moving)
        return "\n".join(inspect_bag(reader, wishes, PairingConfig()))


@pytest.mark.parametrize("parent", ["robot1/odom", "camera_init", "odom_combined", "a/b/MAP"])
def test_usual_names_are_found_behind_a_robot_s_own(tmp_path: Path, parent: str) -> None:
    assert f"undone through the fixed frame '{parent}'" in _told(tmp_path, _in_tf(parent))


def test_other_ways_are_offered(tmp_path: Path) -> None:
    told = _told(tmp_path, [*_in_tf("mocap"), *_odometry()])
    assert "moves against mocap: if one stands still in the world, --fixed-frame" in told
    assert f"the bag holds {ODOMETRY_TOPIC}: --odometry undoes the motion with it" in told


@pytest.mark.parametrize(
    ("odometry", "moving", "words"),
    [
        ("/nothing", "", "neither a file nor a topic with odometry"),
        (ODOMETRY_TOPIC, "bse_link", "fixed frame 'odom' does not hang together with the camera"),
        ("", BASE_FRAME, "give that one too"),
        (IMAGE_TOPIC, "", f"nav_msgs/msg/Path: {ODOMETRY_TOPIC}"),
    ],
)
def test_what_cannot_be_used_is_told(
    tmp_path: Path, odometry: str, moving: str, words: str
) -> None:
    told = _told(tmp_path, [*_sensors(), *_odometry()], odometry, moving)
    assert words in told.split("complete would stop:")[1]


def test_a_pose_without_a_frame_asks_for_it(tmp_path: Path) -> None:
    told = _told(tmp_path, [*_sensors(), *_odometry(child="")], ODOMETRY_TOPIC)
    assert "name it with --odometry-frame. Frames of TF: base_link, camera_optical, lidar" in told


def test_a_trajectory_of_another_day_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trajectory.txt"
    path.write_text("1.0 0 0 0 0 0 0 1\n2.0 0 0 0 0 0 0 1\n", encoding="utf-8")
    told = _told(tmp_path, _sensors(), str(path), BASE_FRAME)
    assert "is of 1.000 s to 2.000 s" in told


def test_poses_that_are_no_rotation_are_counted(tmp_path: Path) -> None:
    bad = _odometry()
    bad[1].message.pose.pose.orientation.x = float("nan")
    told = _told(tmp_path, [*_sensors(), *bad], ODOMETRY_TOPIC)
    assert "(2 poses)" in told
    assert f"1 x {ODOMETRY_TOPIC}: cannot be used" in told
