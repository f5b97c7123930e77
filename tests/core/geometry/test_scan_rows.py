# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.geometry.scan_rows import keep_every_nth_row, scan_rows


def _sweep(heights: tuple[float, ...]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """32 lines 0.4 deg apart, in blocks of lasers whose origins lie at different heights."""
    random = np.random.default_rng(0)
    ring = np.repeat(np.arange(32), 400)
    azimuth = np.tile(np.linspace(-np.pi, np.pi, 400, endpoint=False), 32)
    distance = 3.0 + 25.0 * np.abs(np.sin(3 * azimuth)) + random.normal(0, 0.02, ring.size)
    origin = np.array(heights)[ring * len(heights) // 32]
    z = origin + distance * np.tan(np.radians(-10.0 + 0.4 * ring))
    points = np.stack([distance * np.cos(azimuth), distance * np.sin(azimuth), z], axis=1)
    return points.astype(np.float32), ring


@pytest.mark.parametrize("heights", [(0.0,), (0.12,), (0.12, 0.2)])
def test_finds_the_lines_again(heights: tuple[float, ...]) -> None:
    points, ring = _sweep(heights)
    order = np.random.default_rng(1).permutation(len(points))
    rows = scan_rows(points[order])
    truth = ring[order]
    agreeing = sum(np.bincount(truth[rows == row]).max() for row in np.unique(rows))
    assert agreeing / len(points) > 0.98
    assert 31 <= rows.max() + 1 <= 36


def test_lowest_line_first() -> None:
    points, ring = _sweep((0.0,))
    rows = scan_rows(points)
    assert rows[ring == 0].mean() < 1.0
    assert np.corrcoef(rows, ring)[0, 1] > 0.99


def test_half_of_the_lines() -> None:
    points, ring = _sweep((0.0,))
    kept = keep_every_nth_row(scan_rows(points), 2)
    assert 0.45 < kept.mean() < 0.55
    shares = np.array([kept[ring == line].mean() for line in range(32)])
    assert np.all((shares < 0.05) | (shares > 0.95))


def test_no_lines_in_a_random_cloud() -> None:
    points = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    assert scan_rows(points).shape == (300,)
    assert scan_rows(points[:0]).shape == (0,)


def test_every_zeroth_line_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        keep_every_nth_row(np.arange(3), 0)
