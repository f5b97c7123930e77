# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Odometry beside TF, as a node takes it in: whatever comes first, the same motion comes out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_ros.live_transforms import LiveTransforms
from depth_completion_ros.odometry_file import OdometryFile
from rosbag_tools.messages import tf_message
from tests.bags.bag_factory import as_sent

_Step = Callable[[LiveTransforms], None]
_MS = 1_000_000
_START_NS = 1_700_000_000 * 10**9
_TIMES_NS = [_START_NS + index * 100 * _MS for index in range(4)]
_CAMERA = RigidTransform.from_quaternion((-0.5, 0.5, -0.5, 0.5), (0.25, 0.0, 0.5))


def _stamp(stamp_ns: int) -> SimpleNamespace:
    return SimpleNamespace(sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)


def _xyz(names: str, values: Any) -> SimpleNamespace:  # noqa: ANN401
    return SimpleNamespace(**dict(zip(names, map(float, values), strict=True)))


def _tf(stamp_ns: int, parent: str, child: str, at: RigidTransform) -> bytes:
    return as_sent(tf_message([(parent, child, at)], stamp_ns))


def _odometry(stamp_ns: int, child: str = "base") -> SimpleNamespace:
    at = _odom_from_base(stamp_ns)
    pose = SimpleNamespace(
        position=_xyz("xyz", at.translation), orientation=_xyz("xyzw", at.quaternion_xyzw)
    )
    head = SimpleNamespace(stamp=_stamp(stamp_ns), frame_id="odom")
    return SimpleNamespace(header=head, child_frame_id=child, pose=SimpleNamespace(pose=pose))


def _odom_from_base(stamp_ns: int) -> RigidTransform:
    seconds = (stamp_ns - _START_NS) / 1e9
    return RigidTransform.from_quaternion((0.0, 0.0, 0.0, 1.0), (5.0 * seconds, 0.0, 0.0))


def _motion(live: LiveTransforms) -> RigidTransform:
    """The camera at the second instant from the camera at the first."""
    first, second = _TIMES_NS[:2]
    return live.lookup_through("camera", second, "camera", first, live.odometry_frame)


_EXPECTED = (
    (_odom_from_base(_TIMES_NS[1]) @ _CAMERA).inverse() @ _odom_from_base(_TIMES_NS[0]) @ _CAMERA
)


def _mount(live: LiveTransforms) -> None:
    live.add(_tf(0, "base", "camera", _CAMERA), is_static=True)


def _footprint(live: LiveTransforms) -> None:
    lifted = RigidTransform.from_quaternion((0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.1))
    live.add(_tf(0, "footprint", "base", lifted), is_static=True)


def _slipping_wheels(live: LiveTransforms) -> None:
    for at in _TIMES_NS:
        live.add(_tf(at, "odom", "base", RigidTransform.identity()), is_static=False)


def _drive(live: LiveTransforms) -> None:
    for at in _TIMES_NS:
        live.add_odometry(_odometry(at), "")


@pytest.mark.parametrize("order", [*itertools.permutations((_mount, _footprint, _drive))])
def test_static_transforms_come_before_or_after(order: tuple[_Step, ...]) -> None:
    live = LiveTransforms()
    for step in (*order, _drive):
        step(live)
    assert live.odometry_frame == "odom"
    np.testing.assert_allclose(_motion(live).matrix, _EXPECTED.matrix, atol=1e-12)
    assert live.notes == []


@pytest.mark.parametrize("order", [(_slipping_wheels, _drive), (_drive, _slipping_wheels)])
def test_odometry_goes_before_tf(order: tuple[_Step, ...]) -> None:
    live = LiveTransforms()
    for step in (_mount, *order, _drive):
        step(live)
    np.testing.assert_allclose(_motion(live).matrix, _EXPECTED.matrix, atol=1e-12)
    assert live.notes == []


def test_time_that_jumps_back_starts_anew() -> None:
    live = LiveTransforms()
    _mount(live)
    _drive(live)
    live.add_odometry(_odometry(_START_NS - 100 * 10**9), "")
    assert live.edges == [("base", "camera", True, 1), ("odom", "base", False, 1)]


def _path(stamps_ns: Iterable[int]) -> SimpleNamespace:
    poses = []
    for at in stamps_ns:
        odometry = _odometry(at)
        poses.append(SimpleNamespace(header=odometry.header, pose=odometry.pose.pose))
    return SimpleNamespace(header=poses[-1].header, poses=poses)


def test_a_path_adds_what_is_new_in_it() -> None:
    live = LiveTransforms()
    _mount(live)
    for count in range(1, len(_TIMES_NS) + 1):
        live.add_odometry(_path(_TIMES_NS[:count]), "base")
    np.testing.assert_allclose(_motion(live).matrix, _EXPECTED.matrix, atol=1e-12)
    assert live.edges[-1] == ("odom", "base", False, len(_TIMES_NS))
    live.add_odometry(_path([_START_NS - 100 * 10**9]), "base")  # it begins again
    assert live.edges[-1] == ("odom", "base", False, 1)


def _trajectory(path: Path) -> str:
    stamps_ns = range(_START_NS - 10**9, _START_NS + 60 * 10**9, 10**8)
    places = [_odom_from_base(at).translation[0] for at in stamps_ns]
    lines = [f"{at / 1e9:.9f} {x} 0 0 0 0 0 1" for at, x in zip(stamps_ns, places, strict=True)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def test_a_trajectory_file_comes_with_the_images_of_its_time(tmp_path: Path) -> None:
    file = OdometryFile(_trajectory(tmp_path / "trajectory.txt"), "base")
    live = LiveTransforms()
    _mount(live)
    for stamp_ns in (_START_NS, _TIMES_NS[1], _START_NS + 40 * 10**9, _START_NS, _TIMES_NS[1]):
        live.add_poses(file.poses_around(stamp_ns))
    assert live.odometry_frame == "odometry"
    np.testing.assert_allclose(_motion(live).matrix, _EXPECTED.matrix, atol=1e-5)
    assert file.notes == []
    assert live.notes == []


def test_a_trajectory_file_must_say_what_moves(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="odometry_frame"):
        OdometryFile(_trajectory(tmp_path / "trajectory.txt"), "")


def test_odometry_that_names_no_frame_is_told() -> None:
    live = LiveTransforms()
    live.add_odometry(_odometry(_START_NS, child=""), "")
    assert "name it in odometry_frame (1 refused)" in live.notes[0]
    live.add_odometry(_odometry(_START_NS, child=""), "base")
    assert live.edges == [("odom", "base", False, 1)]
