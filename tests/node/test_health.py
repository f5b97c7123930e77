# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What /diagnostics says first, from frames that came and did not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from depth_completion_ros.frame_pace import FramePace
from depth_completion_ros.health import Observed, health_of

_WELL = Observed(
    is_flowing=True,
    rate_hz=10.0,
    age_ms=40.0,
    dropped={},
    idle="",
    notes=[],
    has_completed=True,
)
_NO_TF = {"no transform": 9, "image: no cloud": 2}


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({}, "ok", "completing"),
        ({"dropped": _NO_TF}, "ok", "completing"),
        ({"notes": ["odd"]}, "warning", "completing, but: odd"),
        ({"rate_hz": 4.0}, "warning", "4.0 Hz, 5 Hz are asked for"),
        ({"age_ms": 250.0}, "warning", "depth is 250 ms old, 200 ms are allowed"),
        ({"is_flowing": False}, "warning", "no frame since"),
        ({"is_flowing": False, "has_completed": False}, "warning", "no frame was completed yet"),
        ({"is_flowing": False, "dropped": _NO_TF}, "error", "9 of late as 'no transform'"),
        ({"is_flowing": False, "dropped": _NO_TF, "idle": "nobody"}, "ok", "idle: nobody"),
    ],
)
def test_the_worst_is_said(changes: dict[str, object], level: str, words: str) -> None:
    seen = replace(_WELL, **changes)  # type: ignore[arg-type]
    health = health_of(seen, min_rate_hz=5.0, max_age_ms=200.0)
    assert health.level == level
    assert words in health.sentence


def test_without_thresholds_neither_a_low_rate_nor_an_old_frame_is_told() -> None:
    slow = replace(_WELL, rate_hz=0.01, age_ms=9999.0)
    assert health_of(slow, min_rate_hz=0.0, max_age_ms=0.0).level == "ok"


@pytest.mark.parametrize("period_s", [0.1, 0.9, 2.0, 7.0])
def test_a_slow_model_flows_and_its_rate_is_its_own(period_s: float) -> None:
    pace = FramePace()
    for index in range(30):
        pace.add(index * period_s, 5.0 + index % 3)
        if index:  # one frame tells no pace
            assert pace.is_flowing((index + 0.99) * period_s)
    now_s = 29 * period_s
    assert abs(pace.rate_hz(now_s) * period_s - 1.0) < 0.5
    assert pace.age_ms == 6.0
    assert not pace.is_flowing(now_s + max(2.6, 3.1 * period_s))


def test_a_node_that_has_just_begun_is_not_slow() -> None:
    pace = FramePace()
    for index in range(11):
        pace.add(100.0 + 0.1 * index, 5.0)
    assert 10.0 <= pace.rate_hz(101.0) <= 11.0


def test_nothing_flows_before_the_first_frame() -> None:
    assert not FramePace().is_flowing(0.0)
    assert FramePace().rate_hz(100.0) == 0.0
