# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Per-point times in the forms that lidar drivers give them."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.codecs import point_times
from depth_completion_core.codecs.point_times import StampAt
from depth_completion_core.codecs.pointcloud import decode_points, encode_points

_STAMP_S, _STAMP_NS = 1_780_000_000, 123_456_789
_SWEEP_NS = np.array([0, 25_000_000, 50_000_000, 99_900_000], np.int64)


@pytest.fixture(autouse=True)
def _no_field_warned_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point_times, "_warned_fields", set())


def _offsets(
    field: str,
    values: npt.NDArray[Any],
    stamp_at: StampAt = "start",
    stamp: tuple[int, int] = (_STAMP_S, _STAMP_NS),
) -> npt.NDArray[np.int64] | None:
    fields = encode_points(np.ones((len(values), 3)), extra={field: values})
    header = SimpleNamespace(stamp=SimpleNamespace(sec=stamp[0], nanosec=stamp[1]))
    message: Any = SimpleNamespace(header=header, **fields._asdict())
    return decode_points(message, stamp_at=stamp_at).time_offset_ns


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


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("timestamp", _STAMP_S + 37.0 + _SECONDS),
        ("timestamp", (_STAMP_S + _SECONDS).astype(np.float32)),
        ("timestamp", np.array([np.nan, 0, 0, 0])),
        ("time", np.array([0, 0, 0, np.inf], np.float32)),
        ("t", np.array([0, 1, 2, 4_000_000_000], np.uint32)),
        ("timestamp", np.array([0, 1, 2, 2**64 - 2**62], np.uint64)),
        ("timestamp", np.array([0, 1, 2, 2**63], np.uint64)),
    ],
)
def test_nonsense_is_left_out_with_one_warning(
    field: str, values: npt.NDArray[Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert _offsets(field, values) is None
        assert _offsets(field, values) is None
    assert len(caplog.records) == 1
    message = caplog.records[0].getMessage()
    assert f"'{field}'" in message
    assert "PTP" in message


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
