# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a figure changed on the same frames, and how certain that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_RESAMPLINGS = 5000
_INTERVAL_PERCENT = (2.5, 97.5)


class PairedChange(NamedTuple):
    """Means over frames, and their change in percent of the first.

    Attributes:
        before: mean.
        after: mean.
        percent: (after - before) / before.
        low_percent: lower end of the 95 % interval of that.
        high_percent: its upper end.
    """

    before: float
    after: float
    percent: float
    low_percent: float
    high_percent: float

    @property
    def is_certainly_lower(self) -> bool:
        """Whether all of the interval is below 0."""
        return self.high_percent < 0


def paired_change(before: Sequence[float], after: Sequence[float]) -> PairedChange:
    """The change of a mean, with the percentile bootstrap over frames (Efron, 1979).

    Frames are drawn with their two figures, so that what makes a frame hard cancels. Frames that
    follow each other are much alike, which makes the interval too narrow for other places.

    Args:
        before: a figure of each frame, at least one, their mean above 0.
        after: of the same frames, in the same order.
    """
    pairs = np.array([before, after], dtype=np.float64)
    generator = np.random.default_rng(0)
    drawn = pairs[:, generator.integers(pairs.shape[1], size=(_RESAMPLINGS, pairs.shape[1]))]
    means = drawn.mean(axis=-1)
    changes = 100.0 * (means[1] / means[0] - 1.0)
    low, high = np.percentile(changes, _INTERVAL_PERCENT)
    first, second = pairs.mean(axis=1)
    return PairedChange(
        before=float(first),
        after=float(second),
        percent=float(100.0 * (second / first - 1.0)),
        low_percent=float(low),
        high_percent=float(high),
    )
