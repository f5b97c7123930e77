# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depth_completion_core.reports.axes import Axis, wide_range
from depth_completion_core.reports.drawn_chart import DrawnChart, drawn, thinned
from depth_completion_core.reports.page import Chart, Series

_NUMBER = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)


def _drawn(*series: Series, is_to_scale: bool = False, x_is_log: bool = False) -> DrawnChart:
    chart = Chart(
        title="t",
        x_label="x",
        y_label="y",
        series=series,
        is_to_scale=is_to_scale,
        x_is_log=x_is_log,
    )
    shapes = drawn(chart)
    assert shapes is not None
    return shapes


def _points(path: str) -> list[tuple[str, float, float]]:
    return [(pen, float(x), float(y)) for pen, x, y in re.findall(r"([ML])(\S+) ([^ML]+)", path)]


@given(st.lists(_NUMBER, min_size=1, max_size=20))
def test_ticks_are_round_numbers_within_the_range(values: list[float]) -> None:
    low, high = wide_range(values)
    axis = Axis(low=low, high=high, first_px=50, last_px=10)
    ticks = axis.ticks(6)
    assert low < high
    assert 1 <= len(ticks) <= 7
    steps = np.diff(ticks)
    for tick in ticks:
        assert 10 - 1e-6 <= axis.px(tick) <= 50 + 1e-6
    for step in steps:
        digits = step / 10 ** math.floor(math.log10(step) + 1e-9)
        assert min(abs(digits - round_one) for round_one in (1, 2, 5, 10)) < 1e-3


@pytest.mark.parametrize(("low", "high"), [(0.1, 1000), (0.34, 87.2), (4.1, 4.9), (3, 12)])
def test_ticks_of_a_logarithmic_axis_are_within_it(low: float, high: float) -> None:
    axis = Axis(low=low, high=high, first_px=0, last_px=100, is_log=True)
    ticks = axis.ticks(8)
    assert 1 <= len(ticks) <= 9
    assert all(low <= tick <= high for tick in ticks)
    assert axis.px(math.sqrt(low * high)) == pytest.approx(50)


def test_a_line_goes_through_its_points_and_stops_at_gaps() -> None:
    shapes = _drawn(Series(name="s", x=[0, 1, 2, 3], y=[0.0, 10.0, math.nan, 5.0]))
    (first, second, third) = _points(shapes.curves[0].path)
    assert [point[0] for point in (first, second, third)] == ["M", "L", "M"]
    assert first[1:] == (shapes.left, shapes.bottom)
    assert third[1] == shapes.right
    assert third[2] == pytest.approx((first[2] + second[2]) / 2, abs=0.2)
    assert shapes.top < second[2] < third[2]


def test_steps_are_as_high_as_their_values_from_edge_to_edge() -> None:
    shapes = _drawn(Series(name="s", x=[1, 10, 100], y=[4, 2], style="steps"), x_is_log=True)
    points = _points(shapes.curves[0].path)
    middle = (shapes.left + shapes.right) / 2
    assert [x for _, x, _ in points] == pytest.approx([shapes.left, middle, middle, shapes.right])
    assert points[0][2] == points[1][2] < points[2][2] == points[3][2]


def test_a_map_has_one_scale_for_both_axes() -> None:
    square = Series(name="s", x=[0, 2, 2, 0], y=[5, 5, 7, 7])
    shapes = _drawn(square, is_to_scale=True)
    points = _points(shapes.curves[0].path)
    width = points[1][1] - points[0][1]
    height = points[1][2] - points[2][2]
    assert width == pytest.approx(height, abs=0.2)
    assert width > 100


def test_one_point_and_equal_numbers_can_be_drawn() -> None:
    assert _drawn(Series(name="s", x=[7], y=[7], style="points")).curves[0].dots
    assert _drawn(Series(name="s", x=[1, 1], y=[0, 0]), is_to_scale=True).curves[0].path
    nothing = Series(name="s", x=[1], y=[math.nan])
    assert drawn(Chart(title="t", x_label="x", y_label="y", series=[nothing])) is None


@pytest.mark.parametrize("count", [10, 1201, 20_000])
def test_long_curves_keep_their_ends_and_peaks(count: int) -> None:
    rng = np.random.default_rng(count)
    y = rng.normal(size=count)
    y[count // 3] = math.nan
    kept_x, kept_y = thinned(list(range(count)), y.tolist(), 1200)
    assert len(kept_x) <= 1202
    assert kept_x == sorted(kept_x)
    assert (kept_x[0], kept_x[-1]) == (0, count - 1)
    assert np.nanmax(kept_y) == np.nanmax(y)
    assert np.nanmin(kept_y) == np.nanmin(y)
    np.testing.assert_array_equal(kept_y, y[np.array(kept_x, dtype=int)])


def test_a_series_of_unequal_lengths_is_refused() -> None:
    with pytest.raises(ValueError, match="2 x for 3"):
        Series(name="s", x=[1, 2], y=[1, 2, 3])
