# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from depth_completion_core.sensing.stamp_health import clock_doubts, why_never_paired
from depth_completion_core.sensing.stream_stamps import StreamStamps

_S = 10**9
_NOW_NS = 1_700_000_000 * _S
_PERIOD_NS = _S // 10


def _stream(
    topic: str, stamps_ns: list[int], *, arrive_ns: int = _NOW_NS, every_ns: int = _PERIOD_NS
) -> StreamStamps:
    stamps = StreamStamps(topic)
    for index, stamp_ns in enumerate(stamps_ns):
        stamps.add(stamp_ns, arrive_ns + index * every_ns)
    return stamps


def _in_threes(count: int = 30) -> StreamStamps:
    stamps = StreamStamps("/image")
    for index in range(count):
        arrival_ns = _NOW_NS + (index // 3 * 3 + 2) * _PERIOD_NS
        stamps.add(_NOW_NS + index * _PERIOD_NS, arrival_ns)
    return stamps


def _running(start_ns: int = _NOW_NS, count: int = 5) -> list[int]:
    return [start_ns + index * _PERIOD_NS for index in range(count)]


_IMAGE = _stream("/image", _running())


@pytest.mark.parametrize(
    ("cloud", "expected"),
    [
        (_stream("/points", [0] * 4), "/points: all 4 messages, over 0.3 s, are stamped 0,"),
        (
            _stream("/points", [7 * _S] * 2),
            "/points: all 2 messages, over 0.1 s, are stamped 7.000",
        ),
        (
            _stream("/points", [*_running(), *[_NOW_NS] * 20]),
            "/points: the last 20 messages, over 1.9 s, are stamped 1700000000.000 s",
        ),
        (
            _stream("/points", _running(123 * _S)),
            "behind that of /image, so none of their messages are paired; that of /points counts",
        ),
        (
            _stream("/points", _running(_NOW_NS + 5 * 3600 * _S)),
            "the clock of /points is 5.0 hours ahead of that of /image",
        ),
        (_stream("/points", _running(_NOW_NS - 37 * _S)), "is 37.0 s behind"),
    ],
)
def test_stamps_that_cannot_match_are_told(cloud: StreamStamps, expected: str) -> None:
    (reason,) = why_never_paired(_IMAGE, [cloud])
    assert expected in reason


@pytest.mark.parametrize(
    "cloud",
    [
        _stream("/points", []),
        _stream("/points", [_NOW_NS]),
        _stream("/points", [0, *_running()]),  # a first stamp before the driver knows the time
        _stream("/points", [_NOW_NS] * 3, every_ns=1_000_000),  # one message, delivered thrice
        _stream("/points", [*_running(), _NOW_NS + _S, _NOW_NS + _S]),  # a sweep in two parts
        _stream("/points", _running(), arrive_ns=_NOW_NS + 900 * _S),  # written after the images
        _stream("/points", _running(_NOW_NS + 900 * _S), arrive_ns=_NOW_NS + 900 * _S),  # later
        _stream("/points", _running(_NOW_NS - 5 * _S)),  # no other clock for sure: the gap is told
    ],
)
def test_stamps_that_can_match_are_left_alone(cloud: StreamStamps) -> None:
    assert why_never_paired(_IMAGE, [cloud]) == []


def test_a_clock_that_the_settings_correct_is_no_fault() -> None:
    cloud = _stream("/points", _running(_NOW_NS - 37 * _S))
    assert why_never_paired(_IMAGE, [cloud], clock_offset_ns=37 * _S) == []
    assert why_never_paired(_IMAGE, [cloud], clock_offset_ns=-37 * _S) != []


def test_two_clocks_that_both_count_from_their_start_may_be_one() -> None:
    image = _stream("/image", _running(123 * _S))
    assert why_never_paired(image, [_stream("/points", _running(123 * _S))]) == []


def _written_into_nanosec(unit_ns: int, count: int = 12) -> list[int]:
    """Stamps of a driver that writes another unit than nanoseconds into their second field."""
    right = _running(_NOW_NS + 250_000_000, count)
    return [ns // _S * _S + ns % _S // unit_ns for ns in right]


@pytest.mark.parametrize(
    ("unit_ns", "words"), [(1_000, "microseconds"), (1_000_000, "milliseconds")]
)
@pytest.mark.parametrize("count", [4, 12, 200])
def test_other_units_in_nanosec_are_told(unit_ns: int, words: str, count: int) -> None:
    wrong, right = _written_into_nanosec(unit_ns, count), _running(count=count)
    for image, cloud in ((wrong, right), (right, wrong), (wrong, wrong)):
        told = why_never_paired(_stream("/image", image), [_stream("/points", cloud)])
        assert len(told) == (image is wrong) + (cloud is wrong)
        assert all(f"as where {words} are written into nanosec" in reason for reason in told)


@pytest.mark.parametrize("factor", [0.001, 0.1, 0.2, 5.0, 60.0])
def test_stamps_that_run_at_another_rate_are_told(factor: float) -> None:
    stamps_ns = [_NOW_NS + round(factor * index * _PERIOD_NS) for index in range(50)]
    image, cloud = _stream("/image", _running(count=50)), _stream("/points", stamps_ns)
    assert why_never_paired(image, [cloud])
    assert why_never_paired(cloud, [image])


@pytest.mark.parametrize(
    ("image", "cloud"),
    [
        # Replayed slowly, or simulated so: both alike.
        (
            _stream("/image", _running(count=50), every_ns=10 * _PERIOD_NS),
            _stream("/points", _running(count=50), every_ns=10 * _PERIOD_NS),
        ),
        # Written as fast as the disk takes them, one topic after the other.
        (
            _stream("/image", _running(count=50), every_ns=70_000_000),
            _stream("/points", _running(count=50), arrive_ns=_NOW_NS + 9 * _S, every_ns=1_000_000),
        ),
        # The lidar was switched on a minute later.
        (
            _stream("/image", _running(count=700)),
            _stream("/points", _running(_NOW_NS + 60 * _S, 100), arrive_ns=_NOW_NS + 60 * _S),
        ),
        # Images come three at once.
        (_in_threes(), _stream("/points", _running(count=30))),
    ],
)
def test_rates_that_are_alike_or_explained_are_left_alone(
    image: StreamStamps, cloud: StreamStamps
) -> None:
    for one, other in ((image, cloud), (cloud, image)):
        assert why_never_paired(one, [other]) == []
        assert clock_doubts(one, [other]) == []


@pytest.mark.parametrize("apart_s", [-8, -5, -2, 2, 5, 8])
def test_clocks_seconds_apart_are_told_with_the_setting(apart_s: int) -> None:
    image = _stream("/image", _running(count=50))
    cloud = _stream("/points", _running(_NOW_NS + apart_s * _S, 50))
    assert why_never_paired(image, [cloud]) == []
    (doubt,) = clock_doubts(image, [cloud])
    assert f"{abs(apart_s):.1f} s {'ahead of' if apart_s > 0 else 'behind'} those of" in doubt
    assert doubt.endswith(f"pairing.cloud_clock_offset_ms to {-1000 * apart_s}")
    assert clock_doubts(image, [cloud], -apart_s * _S) == []


@pytest.mark.parametrize(
    "cloud",
    [
        _stream("/points", []),
        _stream("/points", _running(_NOW_NS - _S // 2, 50)),  # late by half a second
        _stream("/points", _running(), arrive_ns=_NOW_NS + 900 * _S),  # written after the images
        _stream("/points", _running(count=10)),  # silent since
    ],
)
def test_a_clock_that_may_be_the_same_is_not_doubted(cloud: StreamStamps) -> None:
    assert clock_doubts(_stream("/image", _running(count=50)), [cloud]) == []


def test_one_late_message_is_no_other_clock() -> None:
    cloud = _stream("/points", _running(count=49))
    cloud.add(_NOW_NS + 49 * _PERIOD_NS, _NOW_NS + 49 * _PERIOD_NS + 5 * _S)
    image = _stream("/image", _running(count=100))
    assert clock_doubts(image, [cloud]) == []
