# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest

from depth_completion_core.reports.blocks import (
    depth_distribution,
    distribution,
    drops_table,
    trajectory_from_above,
)
from depth_completion_core.reports.depth_histogram import EDGES_M, DepthHistogram
from depth_completion_core.reports.page import Notes, Table
from depth_completion_core.reports.spread_sample import SpreadSample


@pytest.mark.parametrize("most", [1, 2, 24])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 23, 24, 25, 47, 48, 49, 1000])
def test_a_sample_of_a_stream_is_evenly_spread_however_long_it_is(most: int, length: int) -> None:
    made: list[int] = []
    sample: SpreadSample[int] = SpreadSample(most)

    def make(number: int) -> int:
        made.append(number)
        return number

    for number in range(length):
        sample.offer(partial(make, number))
    step = sample.items[1] if len(sample.items) > 1 else max(length, 1)
    assert sample.items == list(range(0, length, step))
    assert min(length, most) / 2 <= len(sample.items) <= most
    assert len(made) <= most * (2 + math.log2(1 + length))


def test_histogram_of_depth_counts_as_numpy_does() -> None:
    rng = np.random.default_rng(0)
    depth = np.exp(rng.uniform(math.log(0.01), math.log(5000), (40, 50))).astype(np.float32)
    valid = rng.random(depth.shape) < 0.7
    histogram = DepthHistogram()
    histogram.add(depth[:20], valid[:20])
    histogram.add(depth[20:], valid[20:])
    inside = np.clip(depth[valid], EDGES_M[0], EDGES_M[-1])
    expected = np.histogram(inside, EDGES_M)[0]
    assert np.abs(histogram.counts - expected).sum() <= 2  # rounding at an edge
    assert histogram.counts.sum() == valid.sum()


def test_shares_of_depth_add_up_and_empty_ends_are_cut() -> None:
    chart = depth_distribution(
        [1, 2, 4, 8, 16], {"a": [0, 3, 1, 0], "b": [0, 0, 5, 0], "c": [0] * 4}
    )
    assert [series.name for series in chart.series] == ["a", "b"]
    assert list(chart.series[0].x) == [2, 4, 8]
    assert list(chart.series[0].y) == [75, 25]
    assert depth_distribution([1, 2], {"a": [0]}).series == []


def test_a_distribution_counts_every_known_value_once() -> None:
    values = {"a": [1.0, 2.0, math.nan, 2.0], "b": [5.0], "c": [math.nan]}
    chart = distribution("t", "x", values)
    assert {series.name: sum(series.y) for series in chart.series} == {"a": 3, "b": 1}
    assert distribution("t", "x", {}).series == []


def test_a_trajectory_marks_its_ends_and_leaves_out_what_is_not_known() -> None:
    nowhere = (math.nan, math.nan, math.nan)
    chart = trajectory_from_above([nowhere, (1, 2, 3), (4, 5, 6), nowhere], "odom")
    path, first, last = chart.series
    assert [list(first.x), list(first.y)] == [[1], [2]]
    assert [list(last.x), list(last.y)] == [[4], [5]]
    np.testing.assert_array_equal(path.y, [math.nan, 2, 5, math.nan])
    assert len(trajectory_from_above([nowhere], "odom").series) == 1


def test_drops_come_with_their_examples() -> None:
    table = drops_table({"late": 2, "odd": 1}, {"late": "300 ms"})
    assert isinstance(table, Table)
    assert list(table.rows) == [("late", 2, "300 ms"), ("odd", 1, "")]
    assert isinstance(drops_table({}, {}), Notes)
