# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.pictures.depth_colors import (
    ABOVE_SCALE,
    BAR_WIDTH_PX,
    color_bar,
    colorize,
    overlay,
)
from depth_completion_core.pictures.panels import beside, panel, stacked
from depth_completion_core.pictures.scales import Scale, ticks


def test_colour_tells_the_depth_and_grey_the_invalid() -> None:
    scale = Scale(low=1.0, high=10.0)
    depth = np.array([[1.0, 3.0, 10.0, 99.0, 0.0]], dtype=np.float32)
    valid = depth > 0
    picture = colorize(depth, valid, scale)
    near, middle, far, beyond, invalid = (tuple(int(c) for c in pixel) for pixel in picture[0])
    assert near[0] > near[2]  # red
    assert far[2] > far[0] or max(far) < 80  # blue to black
    assert len({near, middle, far}) == 3
    assert beyond == far
    assert len(set(invalid)) == 1


def test_bar_shows_the_colours_of_the_map() -> None:
    for is_error in (False, True):
        scale = Scale(low=0.5, high=8.0, is_error=is_error)
        bar = color_bar(scale, height=300)
        ends = np.array([[0.5, 8.0]], dtype=np.float32)
        low, high = colorize(ends, np.ones_like(ends, dtype=bool), scale)[0]
        column = bar[:, 10].astype(int)
        assert np.abs(column - high).sum(axis=1).min() < 12
        assert np.abs(column - low).sum(axis=1).min() < 12
        first_high = np.abs(column - high).sum(axis=1).argmin()
        assert first_high < np.abs(column - low).sum(axis=1).argmin()


def test_errors_above_the_scale_are_marked() -> None:
    scale = Scale(low=0.0, high=1.0, is_error=True)
    error = np.array([[0.0, 0.999, 1.0, 1.001, 50.0, 50.0]], dtype=np.float32)
    valid = np.array([[True, True, True, True, True, False]])
    marked = (colorize(error, valid, scale) == ABOVE_SCALE).all(axis=-1)
    assert marked.tolist() == [[False, False, False, True, True, False]]


def test_ticks_stand_beside_the_colour_of_their_depth() -> None:
    scale, height = Scale(low=0.8, high=12.0), 400
    bar = color_bar(scale, height=height)
    rows = np.flatnonzero((bar[:, 21] == 235).all(axis=-1))
    depths: Float32Array = np.array(ticks(scale, 15 / 358), dtype=np.float32)[None]
    expected = colorize(depths, np.ones_like(depths, dtype=bool), scale)[0, ::-1]
    assert len(rows) == depths.size > 5
    assert np.abs(bar[rows, 10].astype(int) - expected).max() <= 6


def test_overlay_draws_on_measured_pixels_only() -> None:
    image = np.full((60, 80, 3), 200, dtype=np.uint8)
    depth = np.zeros((60, 80), dtype=np.float32)
    depth[30, 40] = 2.0
    sparse = SparseDepth.from_depth(depth)
    picture = overlay(image, sparse, Scale(low=1.0, high=4.0))
    changed = (picture != 110).any(axis=-1)
    assert changed[30, 40]
    assert changed.sum() == 9


def test_nearer_dot_lies_on_top() -> None:
    image = np.zeros((20, 20, 3), dtype=np.uint8)
    depth = np.zeros((20, 20), dtype=np.float32)
    depth[10, 10], depth[10, 11] = 1.0, 4.0
    scale = Scale(low=1.0, high=4.0)
    picture = overlay(image, SparseDepth.from_depth(depth), scale)
    alone = np.where(depth == 1.0, depth, 0)
    expected = overlay(image, SparseDepth.from_depth(alone), scale)
    np.testing.assert_array_equal(picture[10, 10:12], expected[10, 10:12])


def test_panels_fit_together() -> None:
    picture = np.zeros((48, 64, 3), dtype=np.uint8)
    row = beside(panel(picture, "a", width=128), color_bar(Scale(low=0.5, high=1), height=40))
    whole = stacked(row, panel(picture, "b", width=64))
    assert row.shape[1] == 128 + BAR_WIDTH_PX
    assert whole.shape[1] == row.shape[1]
    assert whole.shape[0] > row.shape[0] + 48
    assert panel(np.zeros((1, 5000, 3), np.uint8), "one line", width=64).shape[1] == 64
