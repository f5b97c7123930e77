# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The period of a stream, and how many of its messages did not arrive, from their stamps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_FEWEST_STEPS = 4  # of fewer intervals, anything is a multiple of something
_MOST_PERIODS_IN_SHORTEST = 6  # that the shortest interval may hold, if neighbours never arrive
_LIKE_SHORTEST = 1.5
_LARGEST_REST = 0.2  # of a period, that an interval may differ from a multiple
_PAUSE_PERIODS = 30
_WORTH_TELLING = 0.1
_FEWEST_LOST = 3

_BUFFERS = "enlarge the receive buffers (docs/tuning.md, large messages)"
LOSS_REMEDY = (
    "As best effort, large messages are lost easily: let the driver publish them as reliable (its "
    f"parameters or qos_overrides), which is then followed; or {_BUFFERS}"
)
"""What to do where messages received as best effort are lost."""


class Cadence(NamedTuple):
    """A stream whose stamps lie on multiples of one period.

    Attributes:
        period_ns: between messages as they were sent, nanoseconds.
        received: how many arrived.
        stamps_ns: (N,) int64, sorted, of those that arrived and, between them, of those that must
            have been sent.
    """

    period_ns: float
    received: int
    stamps_ns: npt.NDArray[np.int64]

    @property
    def sent(self) -> int:
        """How many were sent from the first to the last that arrived."""
        return len(self.stamps_ns)

    @property
    def lost(self) -> int:
        """How many of them did not arrive."""
        return self.sent - self.received

    @property
    def is_lossy(self) -> bool:
        """Whether enough is missing to be told: more than a driver leaves out now and then."""
        return self.lost >= _FEWEST_LOST and self.lost >= _WORTH_TELLING * self.sent


def cadence_of(stamps_ns: Sequence[int]) -> Cadence | None:
    """The period behind the stamps that arrived, in any order.

    Intervals of a lossy stream are multiples of its period, and the shortest of them need not be
    the period itself. A gap of more than 30 periods is a pause and counts as one interval.

    Returns:
        None where there are too few stamps, or they follow no period.
    """
    stamps = np.unique(np.asarray(stamps_ns, dtype=np.int64))
    steps = np.diff(stamps).astype(np.float64)
    if len(steps) < _FEWEST_STEPS:
        return None
    shortest = float(np.median(steps[steps < _LIKE_SHORTEST * steps.min()]))
    for parts in range(1, _MOST_PERIODS_IN_SHORTEST + 1):
        counts = np.maximum(np.rint(steps * parts / shortest), 1)
        inside = counts <= _PAUSE_PERIODS
        if np.count_nonzero(inside) < _FEWEST_STEPS:
            return None
        period = float(steps[inside].sum() / counts[inside].sum())
        rests = np.abs(steps[inside] / period - counts[inside])
        if np.quantile(rests, 0.9) < _LARGEST_REST:
            counts[~inside] = 1
            return Cadence(period, len(stamps), _filled(stamps, counts.astype(np.int64)))
    return None


def losses_in_words(topic: str, stamps_ns: Sequence[int], *, is_reliable: bool) -> str:
    """That messages of a topic are missing, and what to do; empty where they are not.

    Args:
        topic: its name.
        stamps_ns: stamps of those that arrived, in any order.
        is_reliable: whether they were received as reliable.
    """
    cadence = cadence_of(stamps_ns)
    if cadence is None or not cadence.is_lossy:
        return ""
    remedy = LOSS_REMEDY
    if is_reliable:
        remedy = f"They come as reliable, so either the driver leaves them out, or {_BUFFERS}"
    return (
        f"{topic}: about {cadence.lost} of {cadence.sent} messages did not arrive, as the gaps in "
        f"their stamps show. {remedy}"
    )


def _filled(stamps: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """With each interval divided into as many as it counts."""
    places = np.concatenate(([0], np.cumsum(counts)))
    offsets = np.interp(np.arange(places[-1] + 1), places, (stamps - stamps[0]).astype(np.float64))
    filled: npt.NDArray[np.int64] = stamps[0] + np.rint(offsets).astype(np.int64)
    return filled
