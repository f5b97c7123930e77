# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from depth_completion_core.geometry.transform_buffer import TransformBuffer
from depth_completion_core.geometry.transforms import RigidTransform

_MS = 10**6
_START_NS = 1_700_000_000 * 10**9


def _at(x: float, y: float = 0.0, yaw: float = 0.0, roll: float = 0.0) -> RigidTransform:
    quaternion = (np.sin(roll / 2), 0.0, np.sin(yaw / 2), np.cos(roll / 2) * np.cos(yaw / 2))
    return RigidTransform.from_quaternion(quaternion, (x, y, 0.3))


_Publisher = Callable[[float], RigidTransform]  # of seconds


def _standing(_: float) -> RigidTransform:
    return _at(1.0)


def _driving(seconds: float) -> RigidTransform:
    return _at(8.0 * np.sin(seconds), 8.0 * np.cos(seconds), -seconds)


def _buffer(
    one: _Publisher, other: _Publisher | None = None, *, every_ms: int = 20, other_ms: int = 20
) -> TransformBuffer:
    """Three seconds of one publisher, and perhaps of another, by the order of their messages."""
    sent = [(float(ms), one) for ms in range(0, 3000, every_ms)]
    sent += [(ms + 0.1, other) for ms in range(0, 3000, other_ms) if other is not None]
    buffer = TransformBuffer()
    for ms, publisher in sorted(sent, key=lambda item: item[0]):
        buffer.set_dynamic("odom", "base", _START_NS + int(ms) * _MS, publisher(ms / 1e3))
    return buffer


def _beside(publisher: _Publisher, **offset: float) -> _Publisher:
    return lambda seconds: _at(**offset) @ publisher(seconds)


@pytest.mark.parametrize(
    ("publisher", "offset", "rates"),
    [
        (_standing, {"x": 3.0}, (20, 20)),
        (_standing, {"x": 0.0, "y": 0.3}, (20, 33)),
        (_standing, {"x": 0.0, "roll": 0.1}, (200, 200)),
        (_driving, {"x": 3.0}, (10, 90)),
        (_driving, {"x": 0.0, "y": 0.3}, (20, 33)),
        (_driving, {"x": 0.0, "roll": 0.1}, (20, 20)),
    ],
)
def test_two_publishers_that_disagree_are_told_with_both_places(
    publisher: _Publisher, offset: dict[str, float], rates: tuple[int, int]
) -> None:
    every_ms, other_ms = rates
    other = _beside(publisher, **offset)
    buffer = _buffer(publisher, other, every_ms=every_ms, other_ms=other_ms)
    (note,) = buffer.notes
    assert "two publishers place 'base' in turn: moving on 'odom' at (" in note
    assert buffer.rivalry_between("base", "odom") == [note]
    if publisher is _standing and offset == {"x": 3.0}:
        assert "(1.0000, 0.0000, 0.3000)" in note
        assert "(4.0000, 0.0000, 0.6000)" in note


def _trembling(seconds: float) -> RigidTransform:
    rng = np.random.default_rng(round(seconds * 1e3))
    x, y = rng.normal(0, 0.05, 2)
    return _at(x, y, yaw=float(rng.normal(0, 0.02)))


def _shaken(seconds: float) -> RigidTransform:
    return _at(0.1 * np.sin(31.0 * seconds), yaw=0.3 * np.sin(19.0 * seconds))


def _corrected(seconds: float) -> RigidTransform:
    return _at(float(int(seconds * 2)), 0.5 * (int(seconds * 3) % 2))


@pytest.mark.parametrize("publisher", [_standing, _driving, _trembling, _shaken, _corrected])
@pytest.mark.parametrize("every_ms", [5, 20, 100])
def test_one_publisher_is_no_rival_of_itself(publisher: _Publisher, every_ms: int) -> None:
    assert _buffer(publisher, every_ms=every_ms).notes == []
    assert _buffer(publisher, publisher, every_ms=every_ms, other_ms=every_ms).notes == []


def _of_two_frames() -> Iterator[tuple[str, str, RigidTransform]]:
    for index in range(40):
        yield "base", "gripper", _at(index % 2)
        yield "base", "lidar", _at(0.5)


def test_rivals_off_the_way_do_not_concern_it() -> None:
    buffer = TransformBuffer()
    for index, (parent, child, transform) in enumerate(_of_two_frames()):
        buffer.set_dynamic(parent, child, _START_NS + index * _MS, transform)
    assert len(buffer.notes) == 1
    assert buffer.rivalry_between("base", "lidar") == []
    assert len(buffer.rivalry_between("lidar", "gripper")) == 1
    assert buffer.rivalry_between("lidar", "elsewhere") == []


def test_a_mount_that_is_published_again_and_again_stands_still() -> None:
    buffer = _buffer(_standing)
    assert buffer.is_still_between("odom", "base")
    assert not buffer.is_static_between("odom", "base")
    assert not _buffer(_driving).is_still_between("odom", "base")
