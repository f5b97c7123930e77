# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Advice on pairing: what it says helps, and nothing is advised for what is lost."""

from __future__ import annotations

import numpy as np
import pytest

from depth_completion_core.config import PairingConfig
from depth_completion_core.diagnosis.findings import Finding
from depth_completion_core.diagnosis.pairing_check import check_pairing, signed_gaps_ns
from depth_completion_core.diagnosis.stream_checks import StreamLog
from depth_completion_core.sensing.pairing import Pairer

_MS = 1_000_000
_NOW_NS = 1_700_000_000 * 10**9
_YEAR_NS = 365 * 86_400 * 10**9


def _log(stamps_ns: list[int], topic: str = "/points") -> StreamLog:
    log = StreamLog(topic=topic)
    for index, stamp_ns in enumerate(stamps_ns):
        log.add(_NOW_NS + index * 100 * _MS, stamp_ns, "sensor")
    return log


def _stamps(
    count: int = 20, *, period_ms: int = 100, start_ms: int = 0, shift_ns: int = 0
) -> list[int]:
    first_ns = _NOW_NS + start_ms * _MS + shift_ns
    return [first_ns + index * period_ms * _MS for index in range(count)]


def test_nearest_gaps_equal_a_slow_search() -> None:
    random = np.random.default_rng(0)
    images = sorted(random.integers(0, 10**9, 40).tolist())
    clouds = sorted(random.integers(0, 10**9, 15).tolist())
    wanted = [min((cloud - image for cloud in clouds), key=abs) for image in images]
    assert np.array_equal(np.abs(signed_gaps_ns(images, clouds)), np.abs(wanted))
    assert signed_gaps_ns([5], [2]).tolist() == [-3.0]


def _pairing(clouds_ns: list[int], config: PairingConfig | None = None) -> Finding:
    images = _log(_stamps(40, period_ms=50), topic="/image")
    return check_pairing(images, _log(clouds_ns), config or PairingConfig())


def test_pairs_within_the_slop_are_ok() -> None:
    finding = _pairing(_stamps(20, start_ms=10))
    assert finding.severity == "ok"
    assert finding.subject == "/image + /points"


def test_too_narrow_a_slop_is_widened() -> None:
    finding = _pairing(_stamps(5, period_ms=400))
    assert finding.severity == "error"
    assert "pairing.slop_ms" in finding.remedy
    slop_ms = float(finding.remedy.split("slop_ms to ")[1].split()[0])
    wider = _pairing(_stamps(5, period_ms=400), PairingConfig(slop_ms=slop_ms))
    assert wider.severity == "ok"


def _paired(images: StreamLog, clouds: StreamLog, config: PairingConfig) -> int:
    """Pairs by the rules of the completion."""
    pairer: Pairer[None, None] = Pairer(config)
    pairs = [pair for stamp in images.stamps_ns for pair in pairer.add_image(stamp, None)]
    pairs += [pair for stamp in clouds.stamps_ns for pair in pairer.add_cloud(stamp, None)]
    return len(pairs + pairer.flush())


def test_a_constant_offset_is_proposed_and_helps() -> None:
    images = _log(_stamps(20), topic="/image")
    clouds = _log(_stamps(20, start_ms=40))
    narrow = PairingConfig(slop_ms=10.0)
    finding = check_pairing(images, clouds, narrow)
    assert "cloud_time_offset_ms to -40" in finding.remedy
    helped = PairingConfig(slop_ms=10.0, cloud_time_offset_ms=-40.0)
    assert check_pairing(images, clouds, helped).severity == "ok"
    assert _paired(images, clouds, helped) == 20
    worse = PairingConfig(slop_ms=10.0, cloud_time_offset_ms=-15.0)
    assert "cloud_time_offset_ms to -40" in check_pairing(images, clouds, worse).remedy


def test_a_pair_with_different_clocks() -> None:
    finding = _pairing(_stamps(20, shift_ns=-50 * _YEAR_NS))
    assert finding.severity == "error"
    assert "the clock of /points is 50.0 years behind that of /image" in finding.found


def test_stamps_that_do_not_move_make_no_pairs() -> None:
    finding = _pairing([_NOW_NS] * 5)
    assert finding.severity == "error"
    assert "/points: all 5 messages, over 0.4 s, are stamped 1700000000.000 s" in finding.found


def test_a_silent_side_makes_no_pairs() -> None:
    assert _pairing([]).severity == "error"


def test_no_wider_slop_is_advised_while_messages_are_lost() -> None:
    keep = np.random.default_rng(0).random((2, 120)) < 0.3
    images = [stamp for stamp, is_kept in zip(_stamps(120), keep[0], strict=True) if is_kept]
    clouds = [stamp for stamp, is_kept in zip(_stamps(120), keep[1], strict=True) if is_kept]
    finding = check_pairing(_log(images, "/image"), _log(clouds), PairingConfig())
    assert finding.severity == "error"
    assert "because messages are lost" in finding.found
    assert "slop_ms to" not in finding.remedy


def test_two_streams_that_never_meet_are_told_so_though_messages_are_lost() -> None:
    keep = np.random.default_rng(0).random((2, 120)) < 0.5
    images = [stamp for stamp, is_kept in zip(_stamps(120), keep[0], strict=True) if is_kept]
    late = _stamps(120, start_ms=45)
    clouds = [stamp for stamp, is_kept in zip(late, keep[1], strict=True) if is_kept]
    finding = check_pairing(_log(images, "/image"), _log(clouds), PairingConfig(slop_ms=10.0))
    assert "cloud_time_offset_ms to -45" in finding.remedy


@pytest.mark.parametrize("count", [1, 4])
def test_a_handful_of_messages_gives_no_advice(count: int) -> None:
    finding = _pairing(_stamps(count, start_ms=4000))
    assert finding.severity == "error"
    assert "too few" in finding.found
    assert "slop" not in finding.remedy
