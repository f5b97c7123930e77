# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When each point of a sweep was measured, relative to the cloud's header stamp.

Drivers agree neither on a name nor on a unit nor on an origin:

=============  ================================================  ===================
field          meaning                                           seen in
=============  ================================================  ===================
t              uint32 ns since the start of the sweep            Ouster
time           float32 s relative to the stamp, often negative   Velodyne
timestamp      float64 s, absolute                               Hesai, RoboSense
timestamp      float64 or uint64 ns, absolute                    Livox (PointCloud2)
offset_time    uint32 ns since the start of the sweep            Livox
time_stamp     uint32 ns since the stamp                         Autoware (Nebula)
=============  ================================================  ===================

The rule: an integer is nanoseconds, relative or absolute; a float64 is relative seconds, absolute
seconds or absolute nanoseconds; a float32 cannot hold absolute times and is relative seconds. Of
these readings the one is taken whose largest offset from the stamp is the smallest, and none if
even that exceeds :data:`LONGEST_SWEEP_NS`. A stamp below that limit is no clock to be absolute to:
the header was left unset, or simulated time has just begun.
"""

from __future__ import annotations

import logging
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

TIME_FIELDS = ("offset_time", "t", "timestamp", "time_stamp", "time")
"""Names of the fields that may hold a point's time, most trusted first."""

LONGEST_SWEEP_NS = 2 * 10**9
"""Offsets beyond this are nonsense: no lidar takes two seconds for a sweep."""

StampAt = Literal["start", "end"]

_NS = 10**9
_LOGGER = logging.getLogger(__name__)
_warned_fields: set[str] = set()


def point_time_offsets(
    values: npt.NDArray[Any], field: str, stamp_ns: int, stamp_at: StampAt
) -> npt.NDArray[np.int64] | None:
    """Offsets of the points' own times from the header stamp.

    Args:
        values: (N,) integers or floats of a field in :data:`TIME_FIELDS`, N >= 1.
        field: its name, for the log.
        stamp_ns: header stamp, nanoseconds.
        stamp_at: whether the driver stamps the start or the end of a sweep. With "end", relative
            offsets from zero upwards are moved back so that the last point falls on the stamp.
            Negative offsets and absolute times already say where they belong.

    Returns:
        (N,) int64 nanoseconds, or None (and a warning, once per field) where no reading makes
        sense.
    """
    readings = _readings(values, stamp_ns)
    sizes = [_largest_size(reading) for reading in readings]
    best = int(np.argmin(sizes))
    if sizes[best] > LONGEST_SWEEP_NS:
        _warn_once(field, values.dtype.name, sizes[best] / _NS)
        return None
    offsets: npt.NDArray[np.int64] = np.rint(readings[best]).astype(np.int64)
    is_relative = best == 0
    if is_relative and stamp_at == "end" and offsets.min() >= 0:
        offsets -= offsets.max()
    return offsets


def _readings(values: npt.NDArray[Any], stamp_ns: int) -> list[npt.NDArray[Any]]:
    """Nanoseconds from the stamp under each reading, the relative one first."""
    is_float = values.dtype.kind == "f"
    numbers = values.astype(np.float64 if is_float else np.int64)
    with np.errstate(all="ignore"):
        relative = numbers * _NS if is_float else numbers
        if stamp_ns <= LONGEST_SWEEP_NS or (is_float and values.dtype.itemsize < 8):
            return [relative]
        if not is_float:
            return [relative, numbers - stamp_ns]
        # Whole seconds are taken off first: a float64 of today's nanoseconds resolves only 256.
        seconds, rest_ns = divmod(stamp_ns, _NS)
        return [
            relative,
            (numbers - seconds) * _NS - rest_ns,
            (numbers - seconds * _NS) - rest_ns,
        ]


def _largest_size(offsets: npt.NDArray[Any]) -> float:
    size = max(float(offsets.max()), -float(offsets.min()))
    return size if np.isfinite(size) else float("inf")


def _warn_once(field: str, dtype: str, largest_s: float) -> None:
    if field in _warned_fields:
        return
    _warned_fields.add(field)
    _LOGGER.warning(
        "per-point times are ignored: field '%s' (%s) lies up to %.3g s from the header stamp in "
        "every unit tried, expected at most %g s. Either the lidar's clock differs from the one "
        "that stamps the message (check its PTP or NTP), or the field is not a time. Points are "
        "taken as measured at the stamp.",
        field,
        dtype,
        largest_s,
        LONGEST_SWEEP_NS / _NS,
    )
