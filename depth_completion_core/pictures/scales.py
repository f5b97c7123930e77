# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which depth or error each colour stands for, and where the ticks of a colour bar go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from depth_completion_core.geometry.arrays import Float32Array

_SHOWN_PERCENT = (2, 98)
_ERROR_PERCENTILE = 95
_LEAST_DEPTH_SPAN = 0.1
_LEAST_ERROR_SPAN = 0.01
_ROUND_NUMBERS = ((1.0, 2.0, 5.0), (1.5, 3.0, 4.0, 6.0, 7.0, 8.0, 9.0))
"""Preferred first digits of ticks, the best ones first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What the two ends of a colour map mean.

    Attributes:
        low: value at the lower end of the bar, metres.
        high: value at its upper end, metres.
        is_error: True for errors, whose colours are linear in the error. False for depths, whose
            colours are linear in 1/depth, so that near things keep their contrast in a long view.
    """

    low: float
    high: float
    is_error: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.low <= 0 and not self.is_error):
            raise ValueError(f"a scale runs from low to high, of depths above 0; got {self}")

    def level(self, values: Float32Array) -> Float32Array:
        """Where values lie on the bar: 0 for low, 1 for high; outside that range beyond them."""
        if self.is_error:
            return np.asarray((values - self.low) / (self.high - self.low), dtype=np.float32)
        inverse = 1.0 / np.maximum(values, np.float32(1e-3))
        span = 1 / self.low - 1 / self.high
        return np.asarray((1 / self.low - inverse) / span, dtype=np.float32)

    def value(self, levels: Float32Array) -> Float32Array:
        """The inverse of :meth:`level`, metres."""
        if self.is_error:
            return np.asarray(self.low + levels * (self.high - self.low), dtype=np.float32)
        inverse = 1 / self.low - levels * (1 / self.low - 1 / self.high)
        return np.asarray(1.0 / inverse, dtype=np.float32)


def depth_scale(depths: Sequence[Float32Array]) -> Scale:
    """A scale that shows all but the nearest and farthest 2 % of the positive depths, metres."""
    positive = np.concatenate([depth[depth > 0].ravel() for depth in depths])
    if positive.size == 0:
        return Scale(low=0.1, high=1.0)
    low, high = np.percentile(positive, _SHOWN_PERCENT)
    return Scale(low=float(low), high=float(max(high, low + _LEAST_DEPTH_SPAN)))


def error_scale(errors: Sequence[Float32Array]) -> Scale:
    """A scale from 0 to the 95th percentile of all absolute errors together, metres.

    Give the errors of everything that is shown side by side, so that it shares the scale.
    """
    every = np.concatenate([error.ravel() for error in errors]) if errors else np.zeros(0)
    high = float(np.percentile(every, _ERROR_PERCENTILE)) if every.size else 0.0
    return Scale(low=0.0, high=max(high, _LEAST_ERROR_SPAN), is_error=True)


def ticks(scale: Scale, least_gap: float) -> list[float]:
    """Both ends of a scale and round numbers between, at least a gap apart.

    Args:
        scale: the scale.
        least_gap: smallest distance between two ticks, as a share of the bar's length.
    """
    chosen = [scale.low, scale.high]
    decades = range(-3, 1 + math.floor(math.log10(scale.high)))
    for digits in _ROUND_NUMBERS:
        for value in (digit * 10.0**decade for decade in decades for digit in digits):
            places = scale.level(np.array([*chosen, value], np.float32))
            if 0 < places[-1] < 1 and np.abs(places[:-1] - places[-1]).min() >= least_gap:
                chosen.append(value)
    return sorted(chosen)
