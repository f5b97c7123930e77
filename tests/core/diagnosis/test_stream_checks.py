# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from types import SimpleNamespace

import pytest

from depth_completion_core.diagnosis.findings import Finding
from depth_completion_core.diagnosis.stream_checks import (
    StreamLog,
    check_intrinsics,
    check_stream,
)

_MS = 1_000_000
_NOW_NS = 1_700_000_000 * 10**9
_YEAR_NS = 365 * 86_400 * 10**9


def _log(
    stamps_ns: list[int],
    *,
    delay_ns: int = 20 * _MS,
    frame_id: str = "sensor",
    topic: str = "/points",
) -> StreamLog:
    log = StreamLog(topic=topic)
    for index, stamp_ns in enumerate(stamps_ns):
        log.add(_NOW_NS + index * 100 * _MS + delay_ns, stamp_ns, frame_id)
    return log


def _stamps(
    count: int = 20, *, period_ms: int = 100, start_ms: int = 0, shift_ns: int = 0
) -> list[int]:
    first_ns = _NOW_NS + start_ms * _MS + shift_ns
    return [first_ns + index * period_ms * _MS for index in range(count)]


def _faults(log: StreamLog) -> list[Finding]:
    findings = list(check_stream(log))
    assert all(item.subject == log.topic for item in findings)
    return [item for item in findings if item.severity != "ok"]


def test_a_healthy_stream_is_ok_and_has_its_rate() -> None:
    findings = list(check_stream(_log(_stamps())))
    assert [item.severity for item in findings] == ["ok"]
    assert "20 messages, 10.0 Hz" in findings[0].found


def test_lost_messages_do_not_change_the_rate() -> None:
    stamps = _stamps()
    del stamps[4:7]
    assert "10.0 Hz" in next(iter(check_stream(_log(stamps)))).found


@pytest.mark.parametrize(("is_reliable", "words"), [(False, "as reliable"), (True, "leaves them")])
def test_lost_messages_are_told(is_reliable: bool, words: str) -> None:
    log = StreamLog(topic="/points", is_reliable=is_reliable)
    for index, stamp_ns in enumerate(_stamps(40)):
        if index % 3:
            log.add(stamp_ns + 20 * _MS, stamp_ns, "sensor")
    (fault,) = _faults(log)
    assert fault.found.startswith("10.0 Hz")
    assert "about 12 of 38 messages did not arrive" in fault.found
    assert words in fault.remedy


def test_a_message_or_two_tell_no_rate() -> None:
    log = _log(_stamps(2))
    log.listened_s = 12.0
    (fault,) = _faults(log)
    assert fault.severity == "error"
    assert "only 2 came in 12 s" in fault.found


def test_silence_names_its_publishers() -> None:
    (nobody,) = _faults(StreamLog(topic="/points"))
    assert nobody.severity == "error"
    assert "nobody publishes" in nobody.found
    (silent,) = _faults(StreamLog(topic="/points", offers=("best effort",)))
    assert "1 publishers (best effort)" in silent.found


def test_no_frame() -> None:
    (fault,) = _faults(_log(_stamps(), frame_id=""))
    assert fault.severity == "error"
    assert "frame_id" in fault.remedy


def test_zero_stamps() -> None:
    (fault,) = _faults(_log([0] * 5))
    assert fault.severity == "error"
    assert "5 of 5" in fault.found


def test_stamps_that_jump_back() -> None:
    stamps = [*_stamps(10), *_stamps(10)]
    log = StreamLog(topic="/points")
    for stamp_ns in stamps:
        log.add(stamp_ns + _MS, stamp_ns, "sensor")
    (fault,) = _faults(log)
    assert fault.severity == "warning"
    assert "back 1 times" in fault.found


@pytest.mark.parametrize("years", [50, -50])
def test_stamps_of_another_clock(years: int) -> None:
    (fault,) = _faults(_log(_stamps(shift_ns=-years * _YEAR_NS)))
    assert "50 years" in fault.found
    assert "use_sim_time" in fault.remedy


@pytest.mark.parametrize(("delay_ms", "faults"), [(20, 0), (400, 0), (900, 1), (-300, 1)])
def test_latency(delay_ms: int, faults: int) -> None:
    found = _faults(_log(_stamps(), delay_ns=delay_ms * _MS))
    assert len(found) == faults
    assert all(f"{delay_ms} ms after" in item.found for item in found)


def _info(
    *,
    K: tuple[float, ...] = (400.0, 0, 319.5, 0, 400.0, 239.5, 0, 0, 1),
    D: tuple[float, ...] = (),
    width: int = 640,
    height: int = 480,
) -> SimpleNamespace:
    return SimpleNamespace(
        k=K,
        d=D,
        r=(0.0,) * 9,
        p=(*K[:3], 0, *K[3:6], 0, *K[6:], 0),
        width=width,
        height=height,
        distortion_model="plumb_bob",
        binning_x=0,
        binning_y=0,
        roi=SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0),
    )


def _camera_faults(info: SimpleNamespace) -> list[Finding]:
    findings = check_intrinsics(info, (480, 640), "/camera/image_raw", rectified=False)
    return [item for item in findings if item.severity != "ok"]


def test_good_intrinsics_are_ok() -> None:
    assert _camera_faults(_info(D=(0.1, 0, 0, 0, 0))) == []


@pytest.mark.parametrize(
    ("info", "severity", "words"),
    [
        (_info(K=(0.0,) * 9), "error", "not calibrated"),
        (_info(width=1280, height=960, K=(800.0, 0, 640, 0, 800.0, 480, 0, 0, 1)), "error", "1280"),
        (_info(K=(400.0, 0, 319.5, 0, 533.0, 239.5, 0, 0, 1)), "warning", "fx / fy"),
        (_info(K=(400.0, 0, 40.0, 0, 400.0, 239.5, 0, 0, 1)), "warning", "principal point"),
        (_info(K=(800.0, 0, 639.5, 0, 800.0, 479.5, 0, 0, 1)), "error", "about 1280x960 pixels"),
    ],
)
def test_intrinsics_that_cannot_be(info: SimpleNamespace, severity: str, words: str) -> None:
    (fault,) = _camera_faults(info)
    assert fault.severity == severity
    assert words in fault.found


def test_a_rectified_name_with_distortion_is_said() -> None:
    info = _info(D=(0.1, 0, 0, 0, 0))
    findings = list(check_intrinsics(info, (480, 640), "/camera/image_rect", rectified=True))
    assert any("counts as rectified" in item.found for item in findings)
