# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The change of a mean over frames, and its interval."""

from __future__ import annotations

import numpy as np
import pytest

from depth_completion_core.training.loop.paired_change import paired_change


def test_the_interval_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(0)
    before = random.gamma(4.0, 200.0, 30)
    after = before * random.normal(0.95, 0.08, 30)
    found = paired_change(before.tolist(), after.tolist())

    def percent(first: np.ndarray, second: np.ndarray, axis: int) -> np.ndarray:
        return np.asarray(100 * (second.mean(axis) / first.mean(axis) - 1))

    expected = stats.bootstrap(
        (before, after), percent, paired=True, method="percentile", n_resamples=5000, rng=1
    ).confidence_interval
    assert found.percent == pytest.approx(percent(before, after, 0))
    assert found.low_percent == pytest.approx(expected.low, abs=0.2)
    assert found.high_percent == pytest.approx(expected.high, abs=0.2)
    assert found.is_certainly_lower is bool(expected.high < 0)


def test_the_same_change_of_every_frame_is_certain() -> None:
    found = paired_change([100.0, 300.0, 1000.0], [90.0, 270.0, 900.0])
    assert (found.before, found.after) == pytest.approx((466.667, 420.0), rel=1e-4)
    ends = (found.percent, found.low_percent, found.high_percent)
    assert ends == pytest.approx((-10.0, -10.0, -10.0))
    assert found.is_certainly_lower


def test_no_change_is_not_certain() -> None:
    found = paired_change([100.0, 300.0], [100.0, 300.0])
    assert not found.is_certainly_lower
