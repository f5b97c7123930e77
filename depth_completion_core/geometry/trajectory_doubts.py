# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a trajectory can be one: its times, its unit of length, the order of its quaternions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from depth_completion_core.geometry.odometry import StampedPose
from depth_completion_core.geometry.transforms import RigidTransform

_SAME_PLACE = 0.1  # 10 cm, and 10 cm at a metre's distance: times may be rounded
_FASTEST = 100.0  # metres a second: what drives on a road or flies as a drone is slower
_SMALLEST_JUMP = 0.5  # metres
_MOVES = 0.01  # metres, from one pose to the next
_FEWEST = 5
_UPRIGHT_DEG, _TILTED_DEG = 15.0, 45.0
_MOST = 0.95  # of the poses


class Trajectory(NamedTuple):
    """Poses in the order of their times, each time once.

    Attributes:
        poses: of one frame.
        notes: what was mended, in sentences.
        doubts: what can hardly be right about them, in sentences.
    """

    poses: list[StampedPose]
    notes: list[str]
    doubts: list[str]


def checked_trajectory(poses: Sequence[StampedPose]) -> Trajectory:
    """Sort poses by time, and look whether something can have moved so.

    Raises:
        ValueError: one time has two places, or nothing moves that fast; the message says what the
            cause may be.
    """
    if not poses or any(pose[1:3] != poses[0][1:3] for pose in poses):
        return Trajectory(list(poses), [], [])  # nothing, or of several frames
    ordered = _each_time_once(sorted(poses, key=lambda pose: pose.stamp_ns))
    is_sorted = all(before.stamp_ns <= after.stamp_ns for before, after in pairwise(poses))
    notes = [] if is_sorted else ["its poses are not in the order of their times: they were sorted"]
    return Trajectory(ordered, notes, [*_of_speed(ordered), *_of_quaternions(ordered)])


def _each_time_once(ordered: Sequence[StampedPose]) -> list[StampedPose]:
    kept = list(ordered[:1])
    for pose in ordered[1:]:
        before = kept[-1]
        if pose.stamp_ns != before.stamp_ns:
            kept.append(pose)
        elif not _is_same(before.fixed_from_moving, pose.fixed_from_moving):
            raise ValueError(
                f"it has two places for {pose.stamp_ns / 1e9:.6f} s, {_place(before)} and "
                f"{_place(pose)}, as where two trajectories are in one"
            )
    return kept


def _of_speed(ordered: Sequence[StampedPose]) -> list[str]:
    if len(ordered) < 2:
        return []
    places = np.stack([pose.fixed_from_moving.translation for pose in ordered])
    seconds = np.diff([pose.stamp_ns for pose in ordered]) / 1e9
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    speeds = steps / seconds
    moving = speeds[steps > _MOVES]
    if len(moving) >= _FEWEST and (typical := float(np.median(moving))) > _FASTEST:
        raise ValueError(
            f"half of the time it moves faster than {typical:.0f} m/s, as where lengths are in "
            "millimetres and not in metres, or times not in seconds"
        )
    jumps = np.flatnonzero((speeds > _FASTEST) & (steps > _SMALLEST_JUMP))
    if not len(jumps):
        return []
    largest = jumps[np.argmax(steps[jumps])]
    told = (
        f"it jumps {len(jumps)} times faster than {_FASTEST:g} m/s, farthest by "
        f"{steps[largest]:.2f} m within {1e3 * seconds[largest]:.1f} ms at "
        f"{ordered[largest + 1].stamp_ns / 1e9:.3f} s: depth around such a jump is wrong where "
        "motion is undone with it"
    )
    return [told]


def _of_quaternions(ordered: Sequence[StampedPose]) -> list[str]:
    """Whether they make sense only as w x y z.

    A robot that stands upright when they are read so, but lies on its side or its head when they
    are read as x y z w, was written so. The optical frame of a camera lies on its side, too, and
    stays there.
    """
    as_read = np.array([_tilt_deg(pose.fixed_from_moving) for pose in ordered])
    w_first = np.array([_tilt_deg(_w_first(pose.fixed_from_moving)) for pose in ordered])
    is_optical = np.mean(np.abs(as_read - 90.0) < _UPRIGHT_DEG) > _MOST
    is_tilted = np.mean(as_read > _TILTED_DEG) > 0.5
    if not is_tilted or is_optical or np.mean(w_first < _UPRIGHT_DEG) < _MOST:
        return []
    told = (
        f"its rotations tilt what moves by {np.median(as_read):.0f} deg; read as w x y z, by "
        f"{np.median(w_first):.0f} deg: was w written first? x y z w is expected"
    )
    return [told]


def _w_first(transform: RigidTransform) -> RigidTransform:
    """What the four numbers of a rotation mean when the first of them is w."""
    w, x, y, z = transform.quaternion_xyzw
    return RigidTransform.from_quaternion((x, y, z, w), np.zeros(3))


def _tilt_deg(transform: RigidTransform) -> float:
    """Angle between the z axes of the two frames, degrees."""
    return float(np.degrees(np.arccos(np.clip(transform.rotation[2, 2], -1.0, 1.0))))


def _is_same(one: RigidTransform, other: RigidTransform) -> bool:
    return np.allclose(one.matrix, other.matrix, rtol=0, atol=_SAME_PLACE)


def _place(pose: StampedPose) -> str:
    x, y, z = pose.fixed_from_moving.translation
    return f"({x:.3f}, {y:.3f}, {z:.3f}) m"
