# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""TF as the node keeps it, against tf2 fed with the same messages."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.geometry.transform_buffer import (
    EXTRAPOLATION_TOLERANCE_NS,
    TransformError,
)
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_ros.live_transforms import LiveTransforms

pytestmark = pytest.mark.ros
tf2_ros: Any = pytest.importorskip("tf2_ros", reason="ROS 2 is not sourced")

from geometry_msgs.msg import Transform, TransformStamped  # noqa: E402
from rclpy.duration import Duration  # noqa: E402
from rclpy.serialization import deserialize_message, serialize_message  # noqa: E402
from rclpy.time import Time  # noqa: E402
from std_msgs.msg import Header  # noqa: E402
from tf2_msgs.msg import TFMessage  # noqa: E402

Float64Array = npt.NDArray[np.float64]

_START_NS = 1_700_000_000 * 10**9
_MS = 1_000_000
_SPAN_NS = 3000 * _MS
_KEPT_S = 15
_FRAMES = tuple("abcdefgh")
_SEEDS = range(12)


# Messages


def _stamped(parent: str, child: str, stamp_ns: int, pose: Sequence[float] | Float64Array) -> Any:  # noqa: ANN401
    """geometry_msgs/TransformStamped of x, y, z and a quaternion x, y, z, w of any length."""
    transform = Transform()
    translation, rotation = transform.translation, transform.rotation
    translation.x, translation.y, translation.z = map(float, pose[:3])
    quaternion = np.asarray(pose[3:7]) / (np.linalg.norm(pose[3:7]) or 1.0)
    rotation.x, rotation.y, rotation.z, rotation.w = map(float, quaternion)
    stamp = Time(nanoseconds=stamp_ns).to_msg()
    return TransformStamped(
        header=Header(stamp=stamp, frame_id=parent), child_frame_id=child, transform=transform
    )


def _pose(random: np.random.Generator) -> Float64Array:
    pose: Float64Array = random.normal(size=7)
    return pose


@dataclass
class _Both:
    """The node's transforms and tf2's, fed with the same messages."""

    live: LiveTransforms = field(default_factory=LiveTransforms)
    tf2: Any = field(default_factory=lambda: tf2_ros.Buffer(cache_time=Duration(seconds=_KEPT_S)))

    def add(self, *transforms: Any, is_static: bool = False) -> None:  # noqa: ANN401
        wire = serialize_message(TFMessage(transforms=list(transforms)))
        message = deserialize_message(wire, TFMessage)
        self.live.add(wire, is_static=is_static)
        take = self.tf2.set_transform_static if is_static else self.tf2.set_transform
        for item in message.transforms:
            take(item, "test")

    def expect_same(self, target: str, source: str, stamp_ns: int) -> Float64Array | None:
        """The matrix that both give, or None where both refuse."""
        return _agreed(
            lambda: self.live.lookup(target, source, stamp_ns, tolerance_ns=0),
            lambda: self.tf2.lookup_transform(target, source, Time(nanoseconds=stamp_ns)),
            f"{target} from {source} at {stamp_ns - _START_NS} ns",
        )

    def expect_same_through(
        self, target: str, target_ns: int, source: str, source_ns: int, fixed: str
    ) -> Float64Array | None:
        """Likewise for two instants and a fixed frame between."""
        return _agreed(
            lambda: self.live.lookup_through(
                target, target_ns, source, source_ns, fixed, tolerance_ns=0
            ),
            lambda: self.tf2.lookup_transform_full(
                target, Time(nanoseconds=target_ns), source, Time(nanoseconds=source_ns), fixed
            ),
            f"{target} at {target_ns - _START_NS} from {source} at {source_ns - _START_NS} "
            f"through {fixed}",
        )


def _agreed(
    live: Callable[[], RigidTransform], tf2: Callable[[], Any], what: str
) -> Float64Array | None:
    try:
        expected = _matrix_of(tf2().transform)
    except tf2_ros.TransformException:
        with pytest.raises(TransformError):
            live()
        return None
    np.testing.assert_allclose(live().matrix, expected, rtol=0, atol=1e-9, err_msg=what)
    return expected


def _matrix_of(transform: Any) -> Float64Array:  # noqa: ANN401 - geometry_msgs/Transform
    rotation, translation = transform.rotation, transform.translation
    x, y, z, w = rotation.x, rotation.y, rotation.z, rotation.w
    # Rodrigues' formula for a unit quaternion, apart from core's own.
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    matrix = np.eye(4)
    matrix[:3, :3] += 2.0 * w * cross + 2.0 * cross @ cross
    matrix[:3, 3] = translation.x, translation.y, translation.z
    return matrix


# Random trees


@dataclass(frozen=True)
class _Edge:
    parent: str
    child: str
    stamps_ns: tuple[int, ...]  # none for a static one


def _random_forest(random: np.random.Generator) -> list[_Edge]:
    """Two trees, some frame of each on another by a static edge, some by one that moves."""
    edges = []
    for index, child in enumerate(_FRAMES[2:], 2):
        parent = _FRAMES[index - 2 if index < 4 else int(random.integers(index))]
        count = 0 if random.random() < 0.4 else int(random.integers(1, 12))
        stamps_ns = sorted(map(int, _START_NS + random.integers(0, _SPAN_NS, count)))
        edges.append(_Edge(parent, child, tuple(stamps_ns)))
    return edges


def _messages(edges: Iterable[_Edge], random: np.random.Generator) -> Iterator[tuple[Any, bool]]:
    """(TransformStamped, is_static) in the order of arrival, up to half a second out of order."""
    arrivals = [
        (stamp_ns + int(random.integers(500 * _MS)), stamp_ns, edge)
        for edge in edges
        for stamp_ns in edge.stamps_ns or (0,)
    ]
    for _, stamp_ns, edge in sorted(arrivals, key=lambda arrival: arrival[0]):
        is_static = not edge.stamps_ns
        yield _stamped(edge.parent, edge.child, stamp_ns, _pose(random)), is_static


def _filled(seed: int) -> tuple[_Both, list[_Edge]]:
    random = np.random.default_rng(seed)
    edges, both = _random_forest(random), _Both()
    for transform, is_static in _messages(edges, random):
        both.add(transform, is_static=is_static)
    return both, edges


def _stamps_to_ask(edges: Sequence[_Edge], random: np.random.Generator) -> list[int]:
    """Every stamp of an edge and the instants next to it, some between, some outside."""
    known = [stamp_ns for edge in edges for stamp_ns in edge.stamps_ns]
    between = _START_NS + random.integers(0, _SPAN_NS, 12)
    outside = (_START_NS - 1000 * _MS, _START_NS + _SPAN_NS + 1000 * _MS)
    exact = [int(stamp_ns) for stamp_ns in random.permutation(known)[:8]]
    ends = [
        end for edge in edges if edge.stamps_ns for end in (edge.stamps_ns[0], edge.stamps_ns[-1])
    ]
    near = [stamp_ns + step for stamp_ns in ends for step in (-1, 0, 1)]
    return sorted({*map(int, between), *outside, *exact, *near})


@pytest.mark.parametrize("seed", _SEEDS)
def test_any_two_frames_of_random_trees(seed: int) -> None:
    both, edges = _filled(seed)
    stamps_ns = _stamps_to_ask(edges, np.random.default_rng(seed))
    given = [
        both.expect_same(target, source, stamp_ns)
        for target, source in itertools.product(_FRAMES, repeat=2)
        for stamp_ns in stamps_ns
    ]
    assert any(matrix is None for matrix in given)
    assert sum(matrix is not None for matrix in given) > len(_FRAMES) * len(stamps_ns)


@pytest.mark.parametrize("seed", _SEEDS)
def test_two_instants_and_a_fixed_frame(seed: int) -> None:
    both, edges = _filled(seed)
    random = np.random.default_rng(seed)
    stamps_ns = _stamps_to_ask(edges, random)
    for _ in range(600):
        target, source, fixed = (str(name) for name in random.choice(_FRAMES, 3))
        target_ns, source_ns = (int(stamp_ns) for stamp_ns in random.choice(stamps_ns, 2))
        both.expect_same_through(target, target_ns, source, source_ns, fixed)


def _robot(both: _Both, seed: int = 0) -> list[int]:
    """odom <- base by stamps 100 ms apart, base <- lidar and base <- camera for all times."""
    random = np.random.default_rng(seed)
    stamps_ns = [_START_NS + i * 100 * _MS for i in range(20)]
    for child in ("lidar", "camera"):
        both.add(_stamped("base", child, 0, _pose(random)), is_static=True)
    for stamp_ns in stamps_ns:
        both.add(_stamped("odom", "base", stamp_ns, _pose(random)))
    return stamps_ns


def test_a_cloud_of_another_instant_than_the_image() -> None:
    both = _Both()
    stamps_ns = _robot(both)
    for cloud_ns in (stamps_ns[3], stamps_ns[3] + 33 * _MS, stamps_ns[0], stamps_ns[-1]):
        for image_ns in (cloud_ns, stamps_ns[5] + 1, stamps_ns[-1]):
            moved = both.expect_same_through("camera", image_ns, "lidar", cloud_ns, "odom")
            assert moved is not None
            still = both.expect_same("camera", "lidar", cloud_ns)
            assert still is not None
            assert np.allclose(moved, still) == (image_ns == cloud_ns)


@pytest.mark.parametrize("angle_rad", [0.0, 1e-9, 1e-6, 1e-3, 1.0, 3.0, 3.1415])
def test_turns_of_any_size_are_interpolated_alike(angle_rad: float) -> None:
    both = _Both()
    half = 0.5 * angle_rad
    both.add(_stamped("odom", "base", _START_NS, (1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 1.0)))
    for sign, end_ns in ((1.0, 100 * _MS), (-1.0, 200 * _MS)):  # q and -q are one rotation
        turned = (sign * np.sin(half), 0.0, 0.0, sign * np.cos(half))
        both.add(_stamped("odom", "base", _START_NS + end_ns, (-1.0, 0.0, 5.0, *turned)))
    for stamp_ns in range(_START_NS, _START_NS + 200 * _MS, 7 * _MS + 1):
        assert both.expect_same("odom", "base", stamp_ns) is not None


# Instants that TF does not cover


def _outside(stamps_ns: Sequence[int], by_ns: int) -> list[tuple[int, int]]:
    """(an instant before or after all that is known, the nearest that is)."""
    return [(stamps_ns[0] - by_ns, stamps_ns[0]), (stamps_ns[-1] + by_ns, stamps_ns[-1])]


@pytest.mark.parametrize("by_ns", [1, 50 * _MS, EXTRAPOLATION_TOLERANCE_NS])
def test_within_the_tolerance_the_nearest_transform_counts(by_ns: int) -> None:
    both = _Both()
    for stamp_ns, nearest_ns in _outside(_robot(both), by_ns):
        assert both.expect_same("odom", "lidar", stamp_ns) is None
        nearest = both.expect_same("odom", "lidar", nearest_ns)
        assert nearest is not None
        tolerated = both.live.lookup("odom", "lidar", stamp_ns).matrix
        np.testing.assert_allclose(tolerated, nearest, rtol=0, atol=1e-9)


@pytest.mark.parametrize("by_ns", [EXTRAPOLATION_TOLERANCE_NS + 1, 10**9, 10**17])
def test_beyond_the_tolerance_both_refuse(by_ns: int) -> None:
    both = _Both()
    for stamp_ns, _ in _outside(_robot(both), by_ns):
        assert both.expect_same("odom", "lidar", stamp_ns) is None
        with pytest.raises(TransformError, match="was asked for"):
            both.live.lookup("odom", "lidar", stamp_ns)
        assert both.expect_same("camera", "lidar", stamp_ns) is not None


def test_one_transform_alone_holds_for_its_instant() -> None:
    both = _Both()
    both.add(_stamped("odom", "base", _START_NS, _pose(np.random.default_rng(0))))
    assert both.expect_same("odom", "base", _START_NS) is not None
    for stamp_ns in (_START_NS - 1, _START_NS + 1):
        assert both.expect_same("odom", "base", stamp_ns) is None


def test_what_is_older_than_the_cache_is_forgotten_alike() -> None:
    both = _Both()
    random = np.random.default_rng(0)
    stamps_ns = [_START_NS + i * 500 * _MS for i in range(2 * 20)]
    for stamp_ns in stamps_ns:
        both.add(_stamped("odom", "base", stamp_ns, _pose(random)))
    oldest_ns = stamps_ns[-1] - _KEPT_S * 10**9
    for stamp_ns in (oldest_ns, oldest_ns + 1, stamps_ns[-1]):
        assert both.expect_same("odom", "base", stamp_ns) is not None
    # tf2 forgets when the next message comes, so that it knows one more.
    for stamp_ns in (stamps_ns[0], oldest_ns - 500 * _MS - 1):
        assert both.expect_same("odom", "base", stamp_ns) is None


# Requests and messages that make no sense


@pytest.mark.parametrize(
    ("target", "source"),
    [
        ("odom", "lidra"),
        ("lidra", "odom"),
        ("lidra", "radar"),
        ("odom", "gripper"),
        ("arm", "base"),
    ],
)
def test_frames_that_are_unknown_or_not_connected(target: str, source: str) -> None:
    both = _Both()
    stamps_ns = _robot(both)
    both.add(_stamped("arm", "gripper", 0, _pose(np.random.default_rng(1))), is_static=True)
    both.add(_stamped("arm", "finger", stamps_ns[0], _pose(np.random.default_rng(2))))
    assert both.expect_same(target, source, stamps_ns[3]) is None
    assert both.expect_same_through(target, stamps_ns[3], source, stamps_ns[4], "odom") is None


def test_nothing_is_known_before_the_first_message() -> None:
    both = _Both()
    assert both.expect_same("odom", "base", _START_NS) is None
    both.add()
    both.add(is_static=True)
    assert both.expect_same("odom", "base", _START_NS) is None


_QUARTER_TURN = (0.0, 0.0, 0.5**0.5, 0.5**0.5)


@pytest.mark.parametrize(
    ("parent", "child", "pose"),
    [
        ("base", "base", (0.0, 0.0, 0.0, *_QUARTER_TURN)),
        ("base", "radar", (np.nan, 0.0, 0.0, *_QUARTER_TURN)),
        ("base", "radar", (0.0, 0.0, 0.0, np.nan, 0.0, 0.0, 1.0)),
        ("base", "radar", (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
    ],
)
@pytest.mark.parametrize("is_static", [False, True])
def test_messages_that_both_refuse(
    parent: str, child: str, pose: Sequence[float], is_static: bool
) -> None:
    both = _Both()
    newest_ns = _robot(both)[-1]
    good = _stamped("base", "sonar", newest_ns, _pose(np.random.default_rng(1)))
    both.add(_stamped(parent, child, newest_ns, pose), good, is_static=is_static)
    assert both.live.refused_count == 1
    assert both.expect_same("base", "radar", newest_ns) is None
    assert both.expect_same("base", "sonar", newest_ns) is not None
    assert both.expect_same("odom", "base", newest_ns) is not None


def test_a_message_that_is_refused_is_no_jump_of_time() -> None:
    both = _Both()
    stamps_ns = _robot(both)
    unset = (0.0,) * 7
    for stamp_ns in (stamps_ns[0], stamps_ns[-1] + 10**10):
        both.add(_stamped("odom", "base", stamp_ns, unset))
    later_ns = stamps_ns[-1] + 100 * _MS
    both.add(_stamped("odom", "base", later_ns, _pose(np.random.default_rng(1))))
    for stamp_ns in (stamps_ns[0], stamps_ns[-1], later_ns):
        assert both.expect_same("odom", "lidar", stamp_ns) is not None


# Messages that change what was known


def test_frame_names_of_ros_1() -> None:
    both = _Both()
    both.add(_stamped("/base", "/radar", 0, _pose(np.random.default_rng(0))), is_static=True)
    assert both.expect_same("base", "radar", _START_NS) is not None


@pytest.mark.parametrize("is_static", [False, True])
def test_the_last_of_two_messages_counts(is_static: bool) -> None:
    both = _Both()
    random = np.random.default_rng(0)
    for _ in range(2):
        both.add(_stamped("odom", "base", _START_NS, _pose(random)), is_static=is_static)
    assert both.expect_same("odom", "base", _START_NS) is not None


def test_a_frame_that_becomes_static() -> None:
    both = _Both()
    stamps_ns = _robot(both)
    both.add(_stamped("odom", "base", 0, _pose(np.random.default_rng(1))), is_static=True)
    for stamp_ns in (stamps_ns[0], stamps_ns[3] + 1, stamps_ns[-1] + 10**9):
        assert both.expect_same("odom", "lidar", stamp_ns) is not None


def test_a_frame_that_moves_to_another_parent() -> None:
    both = _Both()
    stamps_ns = _robot(both)
    random = np.random.default_rng(1)
    later_ns = stamps_ns[-1] + 100 * _MS
    both.add(_stamped("map", "base", later_ns, _pose(random)))
    both.add(_stamped("map", "base", later_ns + 100 * _MS, _pose(random)))
    for stamp_ns in (later_ns, later_ns + 1, later_ns + 100 * _MS):
        assert both.expect_same("map", "lidar", stamp_ns) is not None
        assert both.expect_same("odom", "lidar", stamp_ns) is None


def test_time_that_jumps_back_clears_what_moves() -> None:
    both = _Both()
    stamps_ns = _robot(both)
    both.tf2.clear()
    earlier_ns = stamps_ns[-1] - 5 * 10**9
    both.add(_stamped("odom", "base", earlier_ns, _pose(np.random.default_rng(1))))
    assert both.expect_same("odom", "lidar", earlier_ns) is not None
    assert both.expect_same("odom", "lidar", stamps_ns[-1]) is None
    assert both.expect_same("camera", "lidar", stamps_ns[-1]) is not None


# Waiting


def test_a_lookup_waits_for_tf_that_is_on_its_way() -> None:
    both = _Both()
    stamps_ns = _robot(both)
    later_ns = stamps_ns[-1] + 100 * _MS
    asked_ns = later_ns - 30 * _MS
    late = _stamped("odom", "base", later_ns, _pose(np.random.default_rng(1)))
    both.live.wait_until(time.monotonic() + 20.0)
    arrival = threading.Timer(0.2, both.add, [late])
    arrival.start()
    waited = both.live.lookup("odom", "lidar", asked_ns).matrix
    arrival.join()
    expected = both.expect_same("odom", "lidar", asked_ns)
    assert expected is not None
    np.testing.assert_allclose(waited, expected, rtol=0, atol=1e-9)


def test_waiting_can_be_ended() -> None:
    both = _Both()
    stamps_ns = _robot(both)
    both.live.wait_until(time.monotonic() + 20.0)
    end = threading.Timer(0.2, both.live.wait_until, [0.0])
    start = time.monotonic()
    end.start()
    with pytest.raises(TransformError):
        both.live.lookup("odom", "lidar", stamps_ns[-1] + 10**9)
    end.join()
    assert time.monotonic() - start < 10.0
