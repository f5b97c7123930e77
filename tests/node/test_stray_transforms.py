# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_ros.live_transforms import LiveTransforms
from tests.bags.bag_factory import BASE_FRAME, MS, START_NS, as_sent, tf_entry


def _add(live: LiveTransforms, stamp_ns: int, ahead: float) -> None:
    place = RigidTransform(np.eye(3), np.array([ahead, 0.0, 0.0]))
    entry = tf_entry(stamp_ns, ("odom", BASE_FRAME, place), static=False)
    live.add(as_sent(entry.message), is_static=False)


def test_a_transform_of_the_far_future_does_not_blind_the_node() -> None:
    """Neither by what the buffer forgets, nor as a jump back of time when the next one comes."""
    live = LiveTransforms()
    for index in range(6):
        _add(live, START_NS + index * 100 * MS, 0.1 * index)
        if index == 3:
            _add(live, START_NS + 10**9 * 3600, 9.0)
        for known in range(index + 1):
            found = live.lookup("odom", BASE_FRAME, START_NS + known * 100 * MS, tolerance_ns=0)
            np.testing.assert_allclose(found.translation[0], 0.1 * known, atol=1e-9)
    assert "stamped far ahead" in live.notes[0]
