# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from depth_completion_core.sensing.rate_grid import RateGrid


def _taken(stamps_ns: list[int], rate_hz: float) -> list[int]:
    grid = RateGrid(rate_hz)
    return [stamp_ns for stamp_ns in stamps_ns if grid.takes(stamp_ns)]


def _stream(rate_hz: float, seconds: float, *, jitter_ns: float = 0.0) -> list[int]:
    noise = np.random.default_rng(0).normal(0, 1, round(rate_hz * seconds))
    return [10**18 + round(n * 1e9 / rate_hz + jitter_ns * x) for n, x in enumerate(noise)]


@pytest.mark.parametrize("jitter_ns", [0.0, 3e6])
@pytest.mark.parametrize(("own", "wanted"), [(30, 10), (30, 20), (15, 10), (29.97, 7), (10, 10)])
def test_the_rate_is_kept_without_drift(own: float, wanted: float, jitter_ns: float) -> None:
    stamps = _stream(own, 60, jitter_ns=jitter_ns)
    taken = _taken(stamps, wanted)
    assert len(taken) == pytest.approx(60 * wanted, abs=2)
    due = stamps[0] + np.arange(len(taken)) * 1e9 / wanted
    assert np.abs(np.array(taken) - due).max() <= 1e9 / own + 1e9 / wanted


def test_every_third_frame_of_thirty_a_second() -> None:
    stamps = _stream(30, 5, jitter_ns=2e6)
    assert _taken(stamps, 10) == stamps[::3]


def test_a_gap_is_not_made_up_for() -> None:
    stamps = [0, 100, 200, 5000, 5100, 5200]
    taken = _taken([stamp * 10**6 for stamp in stamps], 10)
    assert [stamp // 10**6 for stamp in taken] == stamps


def test_time_that_jumps_back_begins_anew() -> None:
    assert _taken([10**9, 2 * 10**9, 0, 10**8], 1) == [10**9, 2 * 10**9, 0]


def test_all_frames_or_a_rate() -> None:
    assert _taken([0, 1, 2], 0) == [0, 1, 2]
    with pytest.raises(ValueError, match="a rate is 0 or more"):
        RateGrid(-1)
