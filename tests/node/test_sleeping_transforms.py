# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What nobody asks for is not decoded, and is told and known as if it had been."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.codecs.transforms import add_stamped
from depth_completion_core.geometry.transform_buffer import (
    EXTRAPOLATION_TOLERANCE_NS,
    TransformBuffer,
    TransformError,
)
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_ros.live_transforms import LiveTransforms
from rosbag_tools.messages import tf_message
from tests.bags.bag_factory import MS, START_NS, as_sent

_FRAMES = ("odom", "base", "mast", "camera", "lidar", "/arm")


class _Eager(TransformBuffer):
    """Decodes all, in the order in which it comes."""

    def __init__(self) -> None:
        super().__init__(EXTRAPOLATION_TOLERANCE_NS, keep_ns=15 * 10**9)

    def add(self, message: Any, *, is_static: bool) -> None:  # noqa: ANN401
        for item in message.transforms:
            newest_ns = None if is_static else self.settled_ns(item.child_frame_id)
            if not add_stamped(self, item, is_static=is_static) or newest_ns is None:
                continue
            if stamp_ns_of(item) < newest_ns - 10**9:
                self.clear()
                add_stamped(self, item, is_static=False)


def _stream(random: np.random.Generator) -> Iterator[tuple[Any, bool]]:
    """Messages of a robot; some are late, wrong, of another parent, static, or after a jump."""
    stamp_ns = START_NS
    for _ in range(60):
        stamp_ns += 50 * MS
        if random.random() < 0.03:
            stamp_ns += int(random.choice([-8, 20])) * 10**9
        edges = []
        for index in range(1, len(_FRAMES)):
            parent = _FRAMES[index - 1 if random.random() < 0.98 else 0]
            place = RigidTransform.from_quaternion(random.normal(size=4), random.normal(size=3))
            edges.append((parent, _FRAMES[index], place))
        message = tf_message(edges, stamp_ns)
        if random.random() < 0.1:
            spoilt = message.transforms[int(random.integers(len(edges)))]
            spoilt.transform.rotation.w = spoilt.transform.translation.x = np.nan
        yield message, random.random() < 0.01


@pytest.mark.parametrize("seed", range(12))
def test_all_is_known_and_told_as_if_it_were_decoded_at_once(seed: int) -> None:
    random = np.random.default_rng(seed)
    live, eager = LiveTransforms(), _Eager()
    for message, is_static in _stream(random):
        live.add(as_sent(message), is_static=is_static)
        eager.add(message, is_static=is_static)
        if random.random() < 0.05:
            target, source = (str(name) for name in random.choice(_FRAMES, 2))
            stamp_ns = stamp_ns_of(message.transforms[0]) - int(random.integers(10**9))
            assert _answer(live, target, source, stamp_ns) == _answer(
                eager, target, source, stamp_ns
            )
    for frame in _FRAMES:
        with suppress(TransformError):
            live.above(frame)
    assert live.frames == eager.frames
    assert live.edges == eager.edges
    assert sorted(live.notes) == sorted(eager.notes)
    assert live.refused_count == eager.refused_count


def _answer(buffer: TransformBuffer, target: str, source: str, stamp_ns: int) -> Any:  # noqa: ANN401
    try:
        return buffer.lookup(target, source, stamp_ns).matrix.tolist()
    except TransformError as error:
        return str(error)


def _turning(count: int) -> Iterator[bytes]:
    for index in range(count):
        place = RigidTransform(np.eye(3), np.array([float(index), 0.0, 0.0]))
        stamp_ns = START_NS + index * 5 * MS
        yield as_sent(tf_message([("odom", "base", place), ("arm", "hand", place)], stamp_ns))


def test_only_what_is_asked_for_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    add = TransformBuffer.set_dynamic

    def counting(self: TransformBuffer, parent: str, child: str, *rest: Any) -> None:  # noqa: ANN401
        decoded.append(child)
        add(self, parent, child, *rest)

    monkeypatch.setattr(TransformBuffer, "set_dynamic", counting)
    live = LiveTransforms()
    for message in _turning(20):
        live.add(message, is_static=False)
    assert live.frames == ["arm", "base", "hand", "odom"]
    assert not decoded
    live.lookup("odom", "base", START_NS)
    assert decoded == ["base"] * 20


def test_what_sleeps_is_bounded() -> None:
    live = LiveTransforms()
    for message in _turning(2500):
        live.add(message, is_static=False)
    assert live.connects("arm", "hand")
    assert {edge[1]: edge[3] for edge in live.edges} == {"hand": 2000}


def test_two_publishers_of_one_frame_are_told_once_it_counts() -> None:
    live = LiveTransforms()
    for index in range(40):
        place = RigidTransform(np.eye(3), np.array([0.5 * (index % 2), 0.0, 0.0]))
        message = tf_message([("odom", "base", place)], START_NS + index * 20 * MS)
        live.add(as_sent(message), is_static=False)
    live.lookup("odom", "base", START_NS)
    assert "two publishers place 'base' in turn" in live.notes[0]


def test_a_damaged_message_is_told() -> None:
    live = LiveTransforms()
    live.add(next(_turning(1))[:-8], is_static=False)
    assert "/tf: a TFMessage of" in live.notes[0]
    assert live.lookup("odom", "base", START_NS) is not None


def test_a_lookup_brings_in_what_waits() -> None:
    live = LiveTransforms()
    waiting: list[bytes] = []

    def fetch() -> int:
        count = len(waiting)
        while waiting:
            live.add(waiting.pop(), is_static=False)
        return count

    live.fetch_from(fetch)
    later = threading.Timer(0.1, waiting.extend, [list(_turning(2))])
    live.wait_until(time.monotonic() + 20.0)
    later.start()
    assert live.lookup("odom", "base", START_NS).translation[0] == 0.0
    later.join()
