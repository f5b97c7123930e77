# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the per-point times of a cloud mean: their unit, and what they count from.

Drivers agree neither on a name nor on a unit nor on an origin:

==============  ================================================  =====================
field           meaning                                           seen in
==============  ================================================  =====================
t               uint32 ns since the start of the sweep            Ouster
time            float32 s relative to the stamp, often negative   Velodyne
timestamp       float64 s, absolute                               Hesai, RoboSense
timestamp       float64 or uint64 ns, absolute                    Livox (PointCloud2)
offset_time     uint32 ns since the start of the sweep            Livox
time_stamp      uint32 ns since the stamp                         Autoware (Nebula)
time_offset_ns  int32 ns since the stamp                          Aeva
==============  ================================================  =====================

and clouds that were converted on their way carry microseconds or milliseconds under the same names.
So only the numbers can tell. A sweep takes two thousandths of a second to a few tenths of one, and
units lie a factor of 1,000 apart: under one unit at most the numbers reach as far as a sweep does.
A share of the sweep, from 0 to 1, is as long as none in any unit.
Absolute times are recognised by the header stamp that they lie near to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

StampAt = Literal["start", "end"]

TIME_FIELDS = (
    "offset_time",
    "time_offset_ns",
    "time_offset",
    "t_offset",
    "point_time_offset",
    "t",
    "timestamp",
    "timestamp_sec",
    "timestamp_ns",
    "stamp",
    "time",
    "relative_time",
    "relative_timestamp",
)
"""Names of the fields that hold a point's time, most trusted first. Capitals and underscores do not
matter: ``timeStamp`` is ``timestamp``."""

FARTHEST_NS = 2 * 10**9
"""An absolute time farther than this from the header stamp is of another clock, and a stamp below
it is no clock to be absolute to: the header was left unset, or simulated time has just begun."""

_NS = 10**9
_SHORTEST_SWEEP_NS, _LONGEST_SWEEP_NS = 2 * 10**6, 4 * 10**8
_PERIODS_IN_SHORTEST, _SWEEP_IN_PERIODS = 20, 4
# Of the longest sweep: a stamp at either end of a sweep, and some delay. Clocks that differ by more
# would move points by what the robot drove meanwhile.
_FARTHEST_ABSOLUTE = 0.6
_UNITS = {_NS: "seconds", 10**6: "milliseconds", 10**3: "microseconds", 1: "nanoseconds"}


class SweepDurations(NamedTuple):
    """How long a sweep may take, or the part of one that a cloud holds, in nanoseconds."""

    shortest_ns: int = _SHORTEST_SWEEP_NS
    longest_ns: int = _LONGEST_SWEEP_NS

    @classmethod
    def of_period(cls, period_ns: int) -> SweepDurations:
        """With clouds that come this often: several lidars may share a topic, each in its turn."""
        return cls(
            min(_SHORTEST_SWEEP_NS, period_ns // _PERIODS_IN_SHORTEST),
            min(_SWEEP_IN_PERIODS * period_ns, FARTHEST_NS),
        )


class PointTimeReading(NamedTuple):
    """One way to read the numbers of a field.

    Attributes:
        unit_ns: nanoseconds per unit of the numbers.
        is_absolute: whether they count from the epoch of the header stamp, instead of from it.
    """

    unit_ns: int
    is_absolute: bool

    def __str__(self) -> str:
        """As words: "microseconds from the stamp"."""
        unit = _UNITS[self.unit_ns]
        return f"absolute {unit}" if self.is_absolute else f"{unit} from the stamp"

    def range_ns(self, first: float, last: float, stamp_ns: int) -> tuple[float, float]:
        """The smallest and the largest offset from the stamp, of the two extreme numbers."""
        if not self.is_absolute:
            return first * self.unit_ns, last * self.unit_ns
        # Whole seconds are taken off first: a float64 of today's nanoseconds resolves only 256.
        seconds, rest_ns = divmod(stamp_ns, _NS)
        start = seconds * (_NS // self.unit_ns)
        return (first - start) * self.unit_ns - rest_ns, (last - start) * self.unit_ns - rest_ns

    def fits(self, first: float, last: float, stamp_ns: int, durations: SweepDurations) -> bool:
        """Whether a sweep can reach as far from the stamp as the two extreme numbers do."""
        first_ns, last_ns = self.range_ns(first, last, stamp_ns)
        if self.is_absolute:
            farthest_ns = _FARTHEST_ABSOLUTE * durations.longest_ns
            return first_ns >= -farthest_ns and last_ns <= farthest_ns
        return max(last_ns, 0) - min(first_ns, 0) <= durations.longest_ns

    def offsets_ns(self, values: npt.NDArray[Any], stamp_ns: int) -> npt.NDArray[np.int64]:
        """(N,) nanoseconds from the stamp of (N,) integers or floats."""
        numbers = values.astype(np.float64 if values.dtype.kind == "f" else np.int64)
        seconds, rest_ns = divmod(stamp_ns, _NS) if self.is_absolute else (0, 0)
        numbers -= seconds * (_NS // self.unit_ns)
        numbers *= self.unit_ns
        offsets: npt.NDArray[np.int64] = np.rint(numbers - rest_ns).astype(np.int64)
        return offsets


def known_time_fields(names: Iterable[str]) -> list[str]:
    """Those of a cloud's fields that hold the points' times, most trusted first."""
    order = {_plain(name): place for place, name in enumerate(TIME_FIELDS)}
    known = [name for name in names if _plain(name) in order]
    return sorted(known, key=lambda name: order[_plain(name)])


def unknown_time_fields(names: Iterable[str]) -> list[str]:
    """Those that may hold the points' times by their name, but are not known to."""
    found = list(names)
    known = known_time_fields(found)
    return [
        name
        for name in found
        if name not in known and any(word in _plain(name) for word in ("time", "stamp"))
    ]


def possible_readings(
    values: npt.NDArray[Any], stamp_ns: int, durations: SweepDurations
) -> list[PointTimeReading]:
    """The readings under which the numbers of a field lie as those of a sweep do.

    Args:
        values: (N,) integers or floats, finite, N >= 1.
        stamp_ns: header stamp, nanoseconds.
        durations: of a sweep.

    Returns:
        None of them where no unit fits, several where more than one does. An absolute reading
        precludes the relative ones: numbers do not lie near the stamp by chance.
    """
    # As Python's numbers, which are exact.
    first, last = values.min().item(), values.max().item()
    has_clock = stamp_ns > FARTHEST_NS
    if has_clock and values.dtype.itemsize >= 8:
        absolute = [PointTimeReading(unit_ns, is_absolute=True) for unit_ns in _UNITS]
        fitting = [one for one in absolute if one.fits(first, last, stamp_ns, durations)]
        if fitting:
            return fitting
    # A part of a sweep lies far from the stamp and spans little. But times since the start of a
    # simulation do, too, and while its clock is young they are not recognised by it.
    extent = max(last, 0) - min(first, 0) if has_clock else last - first
    relative = [PointTimeReading(unit_ns, is_absolute=False) for unit_ns in _UNITS]
    return [
        one
        for one in relative
        if (values.dtype.kind == "f" or one.unit_ns < _NS)
        and extent * one.unit_ns >= durations.shortest_ns
        and one.fits(first, last, stamp_ns, durations)
    ]


def _plain(name: str) -> str:
    return name.lower().replace("_", "")
