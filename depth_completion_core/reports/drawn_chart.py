# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A chart as shapes in pixels, for the template to write as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from depth_completion_core.reports.axes import Axis, wide_range
from depth_completion_core.reports.page import Chart, Series

_WIDTH_PX, _HEIGHT_PX = 640.0, 280.0
_LEFT_PX, _RIGHT_PX, _TOP_PX, _BOTTOM_PX = 64.0, 16.0, 10.0, 44.0
_HIGHEST_PX, _LOWEST_PX = 640.0, 160.0
_MOST_POINTS = 1200
_MARGIN = 0.05
_COLORS = 6


class Tick(NamedTuple):
    """Where a tick is along its axis, pixels, and its text."""

    px: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One series.

    Attributes:
        name: in the legend.
        color: number of its colour and its dashes, from 0.
        path: as SVG writes it; empty for points.
        dots: of points, (x, y) pixels.
    """

    name: str
    color: int
    path: str = ""
    dots: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnChart:
    """The shapes of a chart, and the edges of the frame around its curves, pixels."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    curves: Sequence[Curve]


def drawn(chart: Chart) -> DrawnChart | None:
    """The shapes of a chart; None where there is not one number to draw."""
    points = [_points(series, is_log=chart.x_is_log) for series in chart.series]
    every = [point for series in points for point in series if not math.isnan(point[1])]
    if not every:
        return None
    x_range = wide_range([x for x, _ in every])
    y_range = wide_range([y for _, y in every], from_zero=not chart.is_to_scale)
    y_range = _with_margin(y_range, below=y_range[0] < 0)
    height = _HEIGHT_PX
    if chart.is_to_scale:
        x_range, y_range, height = _to_scale(x_range, y_range)
    right, bottom = _WIDTH_PX - _RIGHT_PX, height - _BOTTOM_PX
    x_axis = Axis(
        low=x_range[0], high=x_range[1], first_px=_LEFT_PX, last_px=right, is_log=chart.x_is_log
    )
    y_axis = Axis(low=y_range[0], high=y_range[1], first_px=bottom, last_px=_TOP_PX)
    return DrawnChart(
        width=_WIDTH_PX,
        height=height,
        left=_LEFT_PX,
        right=right,
        top=_TOP_PX,
        bottom=bottom,
        x_ticks=_ticks(x_axis, 8),
        y_ticks=_ticks(y_axis, max(2, round((bottom - _TOP_PX) / 45))),
        curves=[
            _curve(series, own, number % _COLORS, x_axis, y_axis)
            for number, (series, own) in enumerate(zip(chart.series, points, strict=True))
        ],
    )


def _points(series: Series, *, is_log: bool) -> list[tuple[float, float]]:
    """The points of a series in order; y is NaN where a line is interrupted."""
    x = [float(value) for value in series.x]
    y = [float(value) if math.isfinite(value) else math.nan for value in series.y]
    if series.style == "steps":
        x = [edge for sides in pairwise(x) for edge in sides]
        y = [value for value in y for _ in range(2)]
    else:
        x, y = thinned(x, y, _MOST_POINTS)
    return [
        (place, value)
        for place, value in zip(x, y, strict=True)
        if math.isfinite(place) and (place > 0 or not is_log)
    ]


def thinned(x: Sequence[float], y: Sequence[float], most: int) -> tuple[list[float], list[float]]:
    """About ``most`` of many points: the lowest and highest of each stretch, so that peaks stay."""
    if len(y) <= most:
        return list(x), list(y)
    kept = {0, len(y) - 1}
    for stretch in np.array_split(np.arange(len(y)), most // 2):
        values = np.asarray(y, dtype=np.float64)[stretch]
        if not np.isnan(values).all():
            kept.update((int(stretch[np.nanargmin(values)]), int(stretch[np.nanargmax(values)])))
        else:
            kept.add(int(stretch[0]))
    return [x[place] for place in sorted(kept)], [y[place] for place in sorted(kept)]


def _to_scale(
    x_range: tuple[float, float], y_range: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Both ranges widened to one scale, and the height of the picture, pixels."""
    x_range, y_range = _with_margin(x_range), _with_margin(y_range)
    inner_width = _WIDTH_PX - _LEFT_PX - _RIGHT_PX
    around = _TOP_PX + _BOTTOM_PX
    wide, tall = x_range[1] - x_range[0], y_range[1] - y_range[0]
    height = min(max(inner_width * tall / wide + around, _LOWEST_PX), _HIGHEST_PX)
    per_px = max(wide / inner_width, tall / (height - around))
    return (
        _around_middle(x_range, per_px * inner_width),
        _around_middle(y_range, per_px * (height - around)),
        height,
    )


def _with_margin(values: tuple[float, float], *, below: bool = True) -> tuple[float, float]:
    margin = _MARGIN * (values[1] - values[0])
    return values[0] - (margin if below else 0.0), values[1] + margin


def _around_middle(values: tuple[float, float], length: float) -> tuple[float, float]:
    middle = (values[0] + values[1]) / 2
    return middle - length / 2, middle + length / 2


def _ticks(axis: Axis, most: int) -> list[Tick]:
    return [Tick(round(axis.px(value), 1), _number(value)) for value in axis.ticks(most)]


def _number(value: float) -> str:
    return "0" if abs(value) < 1e-12 else f"{value:.6g}"


def _curve(
    series: Series, points: Iterable[tuple[float, float]], color: int, x_axis: Axis, y_axis: Axis
) -> Curve:
    placed = [
        (round(x_axis.px(x), 1), y if math.isnan(y) else round(y_axis.px(y), 1)) for x, y in points
    ]
    if series.style == "points":
        return Curve(
            name=series.name, color=color, dots=[dot for dot in placed if not math.isnan(dot[1])]
        )
    words, pen_is_down = [], False
    for x, y in placed:
        if math.isnan(y):
            pen_is_down = False
            continue
        words.append(f"{'L' if pen_is_down else 'M'}{x:g} {y:g}")
        pen_is_down = True
    return Curve(name=series.name, color=color, path="".join(words))
