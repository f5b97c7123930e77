# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from depth_completion_core.geometry.deskew import deskew
from depth_completion_core.geometry.transforms import RigidTransform

_STAMP_NS = 5_000_000_000


def _turning(stamp_ns: int) -> RigidTransform:
    """90 deg/s about z and 15 m/s along x."""
    seconds = (stamp_ns - _STAMP_NS) / 1e9
    half = np.radians(90.0) * seconds / 2
    return RigidTransform.from_quaternion(
        (0.0, 0.0, np.sin(half), np.cos(half)), (15.0 * seconds, 0.0, 0.0)
    )


@pytest.mark.parametrize("shuffled", [False, True])
def test_every_point_moves_from_its_own_instant(shuffled: bool) -> None:
    random = np.random.default_rng(0)
    points = random.uniform(-30, 30, (500, 3)).astype(np.float32)
    offsets = np.linspace(-20_000_000, 100_000_000, 500).astype(np.int64)
    if shuffled:
        random.shuffle(offsets)
    moved = deskew(points, offsets, _STAMP_NS, _turning)
    exact = np.stack(
        [_turning(_STAMP_NS + int(o)).apply(p) for p, o in zip(points, offsets, strict=True)]
    )
    assert moved.dtype == np.float32
    np.testing.assert_allclose(moved, exact, atol=2e-3)
    assert np.abs(moved - points).max() > 1.0


def test_points_of_one_instant() -> None:
    points = np.ones((3, 3), dtype=np.float32)
    offsets = np.full(3, 50_000_000, dtype=np.int64)
    moved = deskew(points, offsets, _STAMP_NS, _turning)
    np.testing.assert_allclose(moved, _turning(_STAMP_NS + 50_000_000).apply(points), atol=1e-5)


def test_no_points() -> None:
    empty = np.empty((0, 3), dtype=np.float32)
    assert deskew(empty, np.empty(0, dtype=np.int64), 0, _turning).shape == (0, 3)
