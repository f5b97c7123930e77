# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from depth_completion_core.geometry.odometry import StampedPose
from depth_completion_core.geometry.trajectory_doubts import checked_trajectory
from depth_completion_core.geometry.transforms import RigidTransform

_BODY_FROM_OPTICAL = RigidTransform.from_quaternion((-0.5, 0.5, -0.5, 0.5), np.zeros(3))


def _pose(seconds: float, transform: RigidTransform) -> StampedPose:
    return StampedPose(1_700_000_000 * 10**9 + round(seconds * 1e9), "", "base", transform)


def _car(seconds: float, *, turns: float = 0.5, heading: float = 0.0) -> RigidTransform:
    """Drives 5 m/s through bends."""
    yaw = heading + turns * np.sin(seconds)
    place = (5.0 * seconds * np.cos(heading), 5.0 * seconds * np.sin(heading), 0.0)
    return RigidTransform.from_quaternion((0, 0, np.sin(yaw / 2), np.cos(yaw / 2)), place)


def _drive(at: Callable[[float], RigidTransform] = _car, count: int = 60) -> list[StampedPose]:
    return [_pose(0.1 * index, at(0.1 * index)) for index in range(count)]


def _w_first(transform: RigidTransform) -> RigidTransform:
    x, y, z, w = transform.quaternion_xyzw
    return RigidTransform.from_quaternion((w, x, y, z), transform.translation)


def _scaled(transform: RigidTransform, factor: float) -> RigidTransform:
    return RigidTransform(transform.rotation, factor * transform.translation)


@pytest.mark.parametrize("heading", [0.0, 1.5, 3.0, -1.5])
@pytest.mark.parametrize("mount", [RigidTransform.identity(), _BODY_FROM_OPTICAL])
@pytest.mark.parametrize("turns", [0.0, 0.5, 2.0])
def test_a_right_trajectory_is_left_alone(
    heading: float, mount: RigidTransform, turns: float
) -> None:
    poses = _drive(lambda s: _car(s, turns=turns, heading=heading) @ mount)
    assert checked_trajectory(poses) == (poses, [], [])


@pytest.mark.parametrize("turns", [0.0, 0.5, 2.0])
def test_w_written_first_is_told(turns: float) -> None:
    found = checked_trajectory(_drive(lambda s: _w_first(_car(s, turns=turns))))
    (doubt,) = found.doubts
    assert "was w written first?" in doubt


@pytest.mark.parametrize("factor", [100.0, 1000.0])
def test_other_units_are_refused(factor: float) -> None:
    with pytest.raises(ValueError, match=f"faster than {5 * factor:.0f} m/s.* millimetres"):
        checked_trajectory(_drive(lambda s: _scaled(_car(s), factor)))


def test_one_jump_is_told_with_its_time() -> None:
    poses = _drive(
        lambda s: RigidTransform.from_quaternion((0, 0, 0, 1), (30.0 * (s > 3.05), 0, 0))
    )
    (doubt,) = checked_trajectory(poses).doubts
    assert "jumps 1 times" in doubt
    assert "30.00 m within 100.0 ms at 1700000003.100 s" in doubt


def test_two_places_at_one_time_are_refused_and_one_twice_is_not() -> None:
    poses = _drive()
    assert checked_trajectory([*poses, poses[3]]).poses == poses
    apart = poses[3]._replace(fixed_from_moving=_car(9.0))
    with pytest.raises(ValueError, match=r"two places for 1700000000.300000 s"):
        checked_trajectory([*poses, apart])


def test_poses_are_sorted_and_that_is_told() -> None:
    poses = _drive()
    found = checked_trajectory(poses[::-1])
    assert found.poses == poses
    assert len(found.notes) == 1
    assert found.doubts == []
