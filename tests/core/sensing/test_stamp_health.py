# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from depth_completion_core.sensing.stamp_health import StreamStamps, why_never_paired

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
