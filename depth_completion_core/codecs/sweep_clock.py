# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How one stream of clouds tells when its points were measured, learned from its clouds."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.point_times import (
    TIME_FIELDS,
    PointTimeReading,
    StampAt,
    SweepDurations,
    known_time_fields,
    possible_readings,
)

_STAMPS_KEPT = 8


class SweepNote(NamedTuple):
    """How the times of a cloud's points were read, or why not.

    Attributes:
        sentence: the same for all clouds that are alike, without a full stop.
        is_warning: whether there are times that cannot be used.
        example: the numbers of this cloud; empty for none.
    """

    sentence: str
    is_warning: bool
    example: str = ""

    def __str__(self) -> str:
        """The sentence with its example."""
        return f"{self.sentence} ({self.example})" if self.example else self.sentence


class SweepClock:
    """Reads the per-point times of a stream's clouds, one cloud after the other.

    What its field means is decided by the first cloud that shows it, and counts for the following
    ones as long as they can be read so: a small part of a sweep would not show it.

    Attributes:
        note: on the latest cloud; None before any.
        notes: the first of every sentence, in the order that they came in.
    """

    def __init__(self) -> None:
        self.note: SweepNote | None = None
        self.notes: dict[str, SweepNote] = {}
        self._readings: dict[tuple[str, str], PointTimeReading] = {}
        self._stamps_ns: deque[int] = deque(maxlen=_STAMPS_KEPT)

    def offsets_ns(
        self,
        columns: Mapping[str, npt.NDArray[Any]],
        stamp_ns: int,
        stamp_at: StampAt,
        *,
        unknown: Sequence[str] = (),
    ) -> npt.NDArray[np.int64] | None:
        """Offsets of the points' own times from the header stamp.

        Args:
            columns: (N,) numbers of each field of a known name, N >= 1.
            stamp_ns: header stamp, nanoseconds.
            stamp_at: whether the driver stamps the start or the end of a sweep. With "end",
                relative offsets from zero upwards are moved back so that the last point falls on
                the stamp. Negative offsets and absolute times already say where they belong.
            unknown: names of further fields that may hold them.

        Returns:
            (N,) int64 nanoseconds, or None where there are none, or it does not follow from the
            numbers what they mean; the note says which.
        """
        if stamp_ns not in self._stamps_ns:
            self._stamps_ns.append(stamp_ns)
        notes = []
        for name in known_time_fields(columns):
            found = self._read(name, columns[name], stamp_ns)
            if isinstance(found, SweepNote):
                notes.append(found)
                continue
            words = f"field '{name}' ({columns[name].dtype.name}) holds {found}"
            self._take(SweepNote(words, is_warning=False))
            offsets = found.offsets_ns(columns[name], stamp_ns)
            if not found.is_absolute and stamp_at == "end" and offsets.min() >= 0:
                offsets -= offsets.max()
            return offsets
        self._take(notes[0] if notes else _missing(unknown))
        return None

    def _take(self, note: SweepNote) -> None:
        self.note = note
        self.notes.setdefault(note.sentence, note)

    def _read(
        self, name: str, values: npt.NDArray[Any], stamp_ns: int
    ) -> PointTimeReading | SweepNote:
        field = f"field '{name}' ({values.dtype.name})"
        first, last = values.min().item(), values.max().item()
        if first == last == 0:
            return _off(f"{field} is 0 for every point", is_warning=False)
        if not (np.isfinite(first) and np.isfinite(last)):
            return _off(f"{field} holds numbers that are not finite")
        durations, key = self._durations(), (name, values.dtype.name)
        settled = self._readings.get(key)
        if settled is not None and settled.fits(first, last, stamp_ns, durations):
            return settled
        readings = possible_readings(values, stamp_ns, durations)
        if len(readings) == 1:
            self._readings[key] = readings[0]
            return readings[0]
        found = f"they lie from {first:.9g} to {last:.9g}"
        if readings:
            ways = " or ".join(str(one) for one in readings)
            return _off(f"{field} may hold {ways}", example=found)
        return _off(
            f"the numbers of {field} are not as long as a sweep in any unit, nor near the header "
            "stamp: either the lidar's clock differs from the one that stamps the message (check "
            "its PTP or NTP), or the field is not a time",
            example=f"{found}; a sweep takes {durations.shortest_ns / 1e6:.3g} to "
            f"{durations.longest_ns / 1e6:.4g} ms",
        )

    def _durations(self) -> SweepDurations:
        stamps_ns = sorted(self._stamps_ns)
        if len(stamps_ns) < 2:
            return SweepDurations()
        # Of unequal intervals the longest: it may be part of a sweep that is cut into clouds, or of
        # several lidars on a topic, and lost clouds do no harm.
        return SweepDurations.of_period(int(np.diff(stamps_ns).max()))


def _missing(unknown: Sequence[str]) -> SweepNote:
    if not unknown:
        return _off("the clouds hold no times of their points", is_warning=False)
    return _off(
        f"field '{unknown[0]}' may be the time of the points, but its name is not known; rename it "
        f"to one of {', '.join(TIME_FIELDS)}"
    )


def _off(why: str, *, is_warning: bool = True, example: str = "") -> SweepNote:
    return SweepNote(f"the motion within a sweep is not undone: {why}", is_warning, example)
