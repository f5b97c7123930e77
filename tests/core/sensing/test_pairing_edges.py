# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where pairing turns from one answer to the other, to the millisecond and the nanosecond."""

from __future__ import annotations

from dataclasses import replace

import pytest

from depth_completion_core.config import PairingConfig
from depth_completion_core.sensing.pairing import Pairer

_MS = 1_000_000
_EARLY = PairingConfig(slop_ms=60.0, jump_back_ms=1000.0, decide_early=True, reuse_clouds=True)


@pytest.mark.parametrize(("gap_ms", "decided"), [(15, 1), (16, 0)])
def test_before_a_period_is_known_a_quarter_of_the_slop_is_near_enough(
    gap_ms: int, decided: int
) -> None:
    pairer: Pairer[str, str] = Pairer(_EARLY)
    pairer.add_cloud(10_000 * _MS, "cloud")
    assert len(pairer.add_image((10_000 + gap_ms) * _MS, "image")) == decided


@pytest.mark.parametrize(("gap_ms", "decided"), [(20, 1), (21, 0)])
def test_half_of_the_shortest_period_is_near_enough(gap_ms: int, decided: int) -> None:
    pairer: Pairer[str, str] = Pairer(_EARLY)
    for at_ms in (9_800, 9_900, 9_940, 10_000):
        pairer.add_cloud(at_ms * _MS, "cloud")
    assert len(pairer.add_image((10_000 + gap_ms) * _MS, "image")) == decided


def test_after_a_jump_back_periods_are_not_those_of_before() -> None:
    pairer: Pairer[str, str] = Pairer(_EARLY)
    for at_ms in (10_000, 10_010, 10_020, 5_000):
        pairer.add_cloud(at_ms * _MS, "cloud")
    assert len(pairer.add_image(5_012 * _MS, "image")) == 1  # half of 10 ms would not do


def test_after_a_jump_back_nothing_of_before_is_accumulated() -> None:
    pairer: Pairer[str, str] = Pairer(replace(_EARLY, accumulate_ms=150.0))
    for run in ("first", "second"):
        for at_ms in (5_000, 5_100, 5_200):
            pairer.add_cloud(at_ms * _MS, f"{run} {at_ms}")
        (pair,) = pairer.add_image(5_200 * _MS, run)
        assert [cloud for cloud, _ in pair.earlier_clouds] == [f"{run} 5100"]
        pairer.add_cloud(9_000 * _MS, "last of its run")
        pairer.flush()


@pytest.mark.parametrize(("early_ns", "kept"), [(0, 1), (1, 0)])
def test_clouds_are_accumulated_as_far_back_as_was_asked_for(early_ns: int, kept: int) -> None:
    pairer: Pairer[str, str] = Pairer(replace(_EARLY, accumulate_ms=150.0))
    pairer.add_cloud(10_000 * _MS - early_ns, "old")
    pairer.add_cloud(10_150 * _MS, "chosen")
    (pair,) = pairer.add_image(10_150 * _MS, "image")
    assert len(pair.earlier_clouds) == kept
