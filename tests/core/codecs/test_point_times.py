# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Per-point times in the forms that lidar drivers give them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.codecs.point_times import StampAt, known_time_fields
from depth_completion_core.codecs.pointcloud import encode_points
from depth_completion_core.codecs.points import decode_points
from depth_completion_core.codecs.sweep_clock import SweepClock

_STAMP_S, _STAMP_NS = 1_780_000_000, 123_456_789
_SWEEP_NS = np.array([0, 25_000_000, 50_000_000, 99_900_000], np.int64)


def _offsets(
    field: str,
    values: npt.NDArray[Any],
    stamp_at: StampAt = "start",
    stamp: tuple[int, int] = (_STAMP_S, _STAMP_NS),
    clock: SweepClock | None = None,
) -> npt.NDArray[np.int64] | None:
    fields = encode_points(np.ones((len(values), 3)), extra={field: values})
    header = SimpleNamespace(stamp=SimpleNamespace(sec=stamp[0], nanosec=stamp[1]))
    message: Any = SimpleNamespace(header=header, **fields._asdict())
    return decode_points(message, stamp_at=stamp_at, clock=clock).time_offset_ns


_STAMP_TOTAL_NS = _STAMP_S * 10**9 + _STAMP_NS
_SECONDS = _SWEEP_NS / 1e9

# Driver, field, numbers as published, tolerance in ns of what these numbers can hold.
_DRIVERS = [
    ("ouster", "t", _SWEEP_NS.astype(np.uint32), 0),
    ("livox custom as cloud", "offset_time", _SWEEP_NS.astype(np.uint32), 0),
    ("nebula", "time_stamp", _SWEEP_NS.astype(np.uint32), 0),
    ("velodyne", "time", _SECONDS.astype(np.float32), 10),
    ("float64 relative", "time", _SECONDS, 1),
    ("hesai", "timestamp", _STAMP_S + (_STAMP_NS / 1e9 + _SECONDS), 250),
    ("velodyne, absolute", "time", _STAMP_S + (_STAMP_NS / 1e9 + _SECONDS), 250),
    ("livox", "timestamp", (_STAMP_TOTAL_NS + _SWEEP_NS).astype(np.float64), 150),
    ("uint64 ns", "timestamp", (_STAMP_TOTAL_NS + _SWEEP_NS).astype(np.uint64), 0),
    ("big-endian writer", "t", _SWEEP_NS.astype(">u4"), 0),
]


@pytest.mark.parametrize(
    ("field", "values", "tolerance"), [driver[1:] for driver in _DRIVERS], ids=lambda _: ""
)
def test_sweep_after_the_stamp(field: str, values: npt.NDArray[Any], tolerance: int) -> None:
    offsets = _offsets(field, values)
    assert offsets is not None
    assert offsets.dtype == np.int64
    np.testing.assert_allclose(offsets, _SWEEP_NS, rtol=0, atol=tolerance)


@pytest.mark.parametrize("stamp", [(0, 0), (0, 50_000_000), (1, 0)])
@pytest.mark.parametrize(
    ("field", "values"), [("time", _SECONDS), ("t", _SWEEP_NS.astype(np.uint32))]
)
def test_unset_stamp_and_the_first_second_of_simulated_time(
    stamp: tuple[int, int], field: str, values: npt.NDArray[Any]
) -> None:
    offsets = _offsets(field, values, stamp=stamp)
    assert offsets is not None
    np.testing.assert_allclose(offsets, _SWEEP_NS, rtol=0, atol=1)


def test_relative_offsets_when_the_end_is_stamped() -> None:
    offsets = _offsets("t", _SWEEP_NS.astype(np.uint32), "end")
    assert offsets is not None
    assert offsets.tolist() == (_SWEEP_NS - _SWEEP_NS.max()).tolist()


@pytest.mark.parametrize("stamp_at", ["start", "end"])
def test_negative_offsets_are_relative_to_the_stamp_already(stamp_at: StampAt) -> None:
    seconds = np.array([-0.1, -0.05, 0.0], np.float32)
    offsets = _offsets("time", seconds, stamp_at)
    assert offsets is not None
    np.testing.assert_allclose(offsets, [-100_000_000, -50_000_000, 0], atol=10)


@pytest.mark.parametrize("first_ns", [-50_000_000, -1])
def test_offsets_on_both_sides_of_the_stamp_stay(first_ns: int) -> None:
    """One below 0 is enough to tell that they are not counted from the start of the sweep."""
    values = np.array([first_ns, 0, 49_000_000], np.int32)
    offsets = _offsets("time_offset_ns", values, "end")
    assert offsets is not None
    assert offsets.tolist() == values.tolist()


@pytest.mark.parametrize("stamp_at", ["start", "end"])
def test_absolute_times_say_where_they_belong(stamp_at: StampAt) -> None:
    before = (_STAMP_TOTAL_NS - _SWEEP_NS).astype(np.uint64)
    offsets = _offsets("timestamp", before, stamp_at)
    assert offsets is not None
    assert offsets.tolist() == (-_SWEEP_NS).tolist()


@pytest.mark.parametrize("uptime_s", [12, 3000])
def test_clock_that_counts_from_power_on(uptime_s: int) -> None:
    for values in (uptime_s + _SECONDS, (uptime_s * 10**9 + _SWEEP_NS).astype(np.uint64)):
        offsets = _offsets("timestamp", values, stamp=(uptime_s, 0))
        assert offsets is not None
        np.testing.assert_allclose(offsets, _SWEEP_NS, atol=10)


_UNITS_NS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_TYPES_AND_UNITS = [(dtype, unit) for dtype in ("f4", "f8") for unit in _UNITS_NS] + [
    (dtype, unit) for dtype in ("i4", "u4", "i8", "u8") for unit in ("ms", "us", "ns")
]


@pytest.mark.parametrize("sweep_ms", [10, 50, 100, 200])
@pytest.mark.parametrize(("dtype", "unit"), _TYPES_AND_UNITS)
def test_every_type_and_unit_gives_the_same_instants(dtype: str, unit: str, sweep_ms: int) -> None:
    """From the stamp, or absolute where the type can hold that."""
    sweep_ns = np.linspace(0, sweep_ms * 10**6, 1000).astype(np.int64)
    for origin_ns in (0, _STAMP_TOTAL_NS) if dtype[1] == "8" else (0,):
        whole, rest = divmod(sweep_ns + origin_ns, _UNITS_NS[unit])
        values = whole + rest / _UNITS_NS[unit] if dtype[0] == "f" else whole
        offsets = _offsets("t", values.astype(dtype))
        assert offsets is not None
        # A float64 of nanoseconds or seconds since 1970 resolves 256 of them.
        resolution_ns = 256 if dtype[0] == "f" else _UNITS_NS[unit]
        np.testing.assert_allclose(offsets, sweep_ns, rtol=0, atol=resolution_ns)


def test_the_period_admits_slow_sweeps_and_short_pieces_of_one() -> None:
    for period_ns in (1_000_000_000, 1_300_000):
        clock = SweepClock()
        values = np.linspace(0, 0.6 * period_ns, 100).astype(np.uint32)
        found = [
            _offsets("t", values, stamp=divmod(_STAMP_TOTAL_NS + i * period_ns, 10**9), clock=clock)
            for i in range(2)
        ]
        assert found[0] is None  # its period is not known yet, and no usual sweep lasts as long
        assert found[1] is not None
        np.testing.assert_array_equal(found[1], values)


def test_a_period_rules_out_what_would_be_longer() -> None:
    """300,000 us of a lidar that turns 100 times a second? No: 0.3 ms, cut out of its sweep."""
    clock = SweepClock()
    values = np.arange(0, 300_000, 1000, dtype=np.uint32)
    for i in range(2):
        stamp = divmod(_STAMP_TOTAL_NS + i * 10_000_000, 10**9)
        offsets = _offsets("t", values, stamp=stamp, clock=clock)
    assert offsets is None


def test_a_small_part_of_a_sweep_is_read_as_the_whole_ones_before() -> None:
    clock = SweepClock()
    assert _offsets("t", _SWEEP_NS.astype(np.uint32), clock=clock) is not None
    offsets = _offsets("t", np.arange(0, 300_000, 1000, dtype=np.uint32), clock=clock)
    assert offsets is not None
    assert offsets.tolist() == list(range(0, 300_000, 1000))


def test_a_first_cloud_that_misleads_is_corrected_by_whole_ones() -> None:
    clock = SweepClock()
    _offsets("t", np.arange(0, 300_000, 1000, dtype=np.uint32), clock=clock)
    offsets = _offsets("t", _SWEEP_NS.astype(np.uint32), clock=clock)
    assert offsets is not None
    assert offsets.tolist() == _SWEEP_NS.tolist()


def test_a_column_in_the_middle_of_a_sweep() -> None:
    offsets = _offsets("t", np.full(4, 50_000_000, np.uint32))
    assert offsets is not None
    assert offsets.tolist() == [50_000_000] * 4


_NONSENSE: list[tuple[str, npt.NDArray[Any]]] = [
    ("timestamp", _STAMP_S + 37.0 + _SECONDS),
    ("timestamp", (_STAMP_S + _SECONDS).astype(np.float32)),
    ("timestamp", np.array([np.nan, 0, 0, 0])),
    ("time", np.array([0, 0, 0, np.inf], np.float32)),
    ("t", np.array([0, 1, 2, 4_000_000_000], np.uint32)),
    ("timestamp", np.array([0, 1, 2, 2**64 - 2**62], np.uint64)),
    ("timestamp", np.array([0, 1, 2, 2**63], np.uint64)),
    ("time", np.array([0, 900.0], np.float32)),  # 0.9 s or 0.9 ms
]


@pytest.mark.parametrize(("field", "values"), _NONSENSE)
def test_nonsense_is_left_out_and_said(field: str, values: npt.NDArray[Any]) -> None:
    clock = SweepClock()
    assert _offsets(field, values, clock=clock) is None
    assert clock.note is not None
    assert clock.note.is_warning
    assert f"'{field}' ({values.dtype.name})" in clock.note.sentence
    assert "not undone" in clock.note.sentence


def test_numbers_of_two_meanings_are_left_out_and_both_are_said() -> None:
    """Clouds came once in 10 s, so that 2 s may be as long as a sweep, and so may 2 ms."""
    clock = SweepClock()
    for i, last in enumerate((0, 2_000_000)):
        stamp = (_STAMP_S + 10 * i, 0)
        assert _offsets("t", np.array([0, last], np.uint32), stamp=stamp, clock=clock) is None
    assert clock.note is not None
    assert "microseconds" in clock.note.sentence
    assert "nanoseconds" in clock.note.sentence


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_share_of_the_sweep_is_no_time(dtype: type[np.floating]) -> None:
    clock = SweepClock()
    for i in range(3):
        stamp = (_STAMP_S, 100_000_000 * i)
        shares = np.linspace(0, 1, 50).astype(dtype)
        assert _offsets("time", shares, stamp=stamp, clock=clock) is None
    assert clock.note is not None
    assert clock.note.is_warning


@pytest.mark.parametrize("late_s", [1.5, 0.3, -0.3, -1.5])
def test_absolute_times_of_a_clock_that_differs_are_not_believed(late_s: float) -> None:
    """At 5 m/s, 0.3 s are 1.5 m; a sweep is 0.1 s long."""
    clock = SweepClock()
    for i in range(3):
        times = _STAMP_S + 0.1 * i + late_s + np.linspace(0, 0.1, 50)
        stamp = (_STAMP_S, 100_000_000 * i)
        assert _offsets("timestamp", times, stamp=stamp, clock=clock) is None
    assert clock.note is not None
    assert "the lidar's clock differs" in clock.note.sentence


def test_what_is_read_is_said() -> None:
    clock = SweepClock()
    _offsets("t", (_SWEEP_NS // 1000).astype(np.uint32), clock=clock)
    assert clock.note is not None
    assert clock.note.sentence == "field 't' (uint32) holds microseconds from the stamp"
    assert not clock.note.is_warning


@pytest.mark.parametrize(
    "field",
    ["point_time_offset", "time_stamp", "offset_time", "t", "timeStamp", "tOffset", "timestampSec"],
)
def test_names_of_the_field(field: str) -> None:
    offsets = _offsets(field, _SECONDS)
    assert offsets is not None
    np.testing.assert_allclose(offsets, _SWEEP_NS, atol=1)


def test_the_most_trusted_field_that_can_be_read_counts() -> None:
    assert known_time_fields(["time", "x", "t", "offset_time"]) == ["offset_time", "t", "time"]
    extra: dict[str, npt.NDArray[Any]] = {"time": _SECONDS, "t": np.zeros(4, np.uint32)}
    cloud = decode_points(encode_points(np.ones((4, 3)), extra=extra))
    assert cloud.time_offset_ns is not None
    np.testing.assert_allclose(cloud.time_offset_ns, _SWEEP_NS, atol=1)


@pytest.mark.parametrize(
    ("field", "values", "is_warning"),
    [("echo_time", _SECONDS, True), ("time", 0 * _SECONDS, False), ("ring", _SECONDS, False)],
)
def test_why_there_are_no_times(
    field: str, values: npt.NDArray[np.float64], is_warning: bool
) -> None:
    clock = SweepClock()
    assert _offsets(field, values, clock=clock) is None
    assert clock.note is not None
    assert clock.note.is_warning == is_warning
    assert (f"'{field}'" in clock.note.sentence) == (field != "ring")


@pytest.mark.parametrize("stamp_s", [1, 2, 2.3])
def test_absolute_times_of_a_young_simulation_are_not_taken_for_milliseconds(
    stamp_s: float,
) -> None:
    offsets = _offsets("timestamp", stamp_s + _SECONDS, stamp=(int(stamp_s), 0))
    if offsets is not None:
        np.testing.assert_allclose(offsets, _SWEEP_NS + round(stamp_s % 1 * 1e9), atol=10)


def test_cloud_without_times() -> None:
    assert decode_points(encode_points(np.ones((4, 3)))).time_offset_ns is None


def test_times_of_the_finite_points_only() -> None:
    xyz = np.ones((4, 3))
    xyz[1] = np.nan
    seconds = np.array([0, np.nan, 0.05, 0.1], np.float32)
    cloud = decode_points(encode_points(xyz, extra={"time": seconds}))
    assert cloud.time_offset_ns is not None
    np.testing.assert_allclose(cloud.time_offset_ns, [0, 50_000_000, 100_000_000], atol=10)


def test_misspelt_stamp_at() -> None:
    wrong: Any = "middle"
    with pytest.raises(ValueError, match="expected 'start' or 'end'"):
        decode_points(encode_points(np.ones((1, 3))), stamp_at=wrong)
