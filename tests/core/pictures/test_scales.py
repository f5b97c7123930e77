# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from depth_completion_core.pictures.depth_colors import colorize
from depth_completion_core.pictures.scales import Scale, depth_scale, error_scale, ticks

SCALES = [
    Scale(low=0.96, high=5.9),
    Scale(low=0.5, high=120.0),
    Scale(low=0.0, high=0.6, is_error=True),
    Scale(low=0.0, high=0.01, is_error=True),
]
scales = pytest.mark.parametrize("scale", SCALES, ids=str)


def test_a_scale_must_run_upwards_from_above_zero() -> None:
    for low, high in ((0.0, 1.0), (2.0, 2.0)):
        with pytest.raises(ValueError, match="low to high"):
            Scale(low=low, high=high)


def test_scale_without_and_with_depths() -> None:
    empty = np.zeros((4, 4), dtype=np.float32)
    assert colorize(empty, empty > 0, depth_scale([empty])).shape == (4, 4, 3)
    scale = depth_scale([np.linspace(1, 9, 1000, dtype=np.float32)])
    assert 1.0 <= scale.low < scale.high <= 9.0


@scales
def test_values_return_from_their_levels(scale: Scale) -> None:
    values = np.linspace(scale.low, scale.high, 50, dtype=np.float32)
    np.testing.assert_allclose(scale.value(scale.level(values)), values, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(scale.level(values[[0, -1]]), [0, 1], atol=1e-5)


def test_depths_are_spread_by_their_inverse_and_errors_evenly() -> None:
    middle = np.array([2 / (1 / 2 + 1 / 8)], np.float32)  # the depth of the mean inverse
    assert Scale(low=2.0, high=8.0).level(middle)[0] == pytest.approx(0.5)
    half = np.array([0.3], np.float32)
    assert Scale(low=0.0, high=0.6, is_error=True).level(half)[0] == pytest.approx(0.5)


def test_the_scale_of_errors_shows_95_percent_of_all_of_them() -> None:
    small, large = np.linspace(0, 0.1, 500, dtype=np.float32), np.full(500, 2.0, np.float32)
    assert error_scale([small]).high == pytest.approx(0.095, rel=0.01)
    assert error_scale([small, large]).high == pytest.approx(2.0)
    assert error_scale([]).high == error_scale([np.zeros(5, np.float32)]).high > 0


@scales
@pytest.mark.parametrize("gap", [0.04, 0.2])
def test_ticks_are_both_ends_and_round_numbers_between(scale: Scale, gap: float) -> None:
    found = ticks(scale, gap)
    assert (found[0], found[-1]) == (scale.low, scale.high)
    assert np.diff(scale.level(np.array(found, np.float32))).min() >= gap - 1e-6
    assert len(found) >= 3
    for value in found[1:-1]:
        assert len(f"{value:.6e}".split("e")[0].rstrip("0").replace(".", "")) <= 2
