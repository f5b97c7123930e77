# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Axes of charts: from numbers to pixels, with ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A range of numbers laid onto a range of pixels.

    Attributes:
        low: number at the first pixel.
        high: number at the last one, above ``low``.
        first_px: where the axis begins.
        last_px: where it ends; before its beginning, for an axis that goes up.
        is_log: whether it is logarithmic.
    """

    low: float
    high: float
    first_px: float
    last_px: float
    is_log: bool = False

    def px(self, value: float) -> float:
        """Where a number lies."""
        place = (self._level(value) - self._level(self.low)) / (
            self._level(self.high) - self._level(self.low)
        )
        return self.first_px + place * (self.last_px - self.first_px)

    def ticks(self, most: int) -> list[float]:
        """Round numbers within the range, about as many as wanted at most."""
        if self.is_log:
            return _log_ticks(self.low, self.high, most)
        step = round_step((self.high - self.low) / max(most, 1))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]

    def _level(self, value: float) -> float:
        return math.log10(value) if self.is_log else value


def round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, ... times a power of ten that is not below a number."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(
        step for digit in (1, 2, 5, 10, 20) if (step := digit * power) >= least * (1 - 1e-9)
    )


def wide_range(values: Sequence[float], *, from_zero: bool = False) -> tuple[float, float]:
    """The lowest and highest number, apart from each other even where all are the same."""
    low, high = min(values), max(values)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    margin = max(abs(high), 1.0) / 2
    return (low, high + margin) if from_zero else (low - margin, high + margin)


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    """Powers of ten, with 2 and 5 of each where there is room."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        found = [digit * 10.0**decade for decade in decades for digit in digits]
        inside = [value for value in found if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
        if len(inside) <= most:
            break
    return inside or [low]
