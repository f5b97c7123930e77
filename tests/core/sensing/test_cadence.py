# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which stamps are missing from a stream, against the streams that they were taken from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.sensing.cadence import cadence_of, losses_in_words

_START_NS = 1_700_000_000 * 10**9


def _stream(count: int, period_ms: float, jitter_ms: float, seed: int) -> npt.NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    at_ms = np.arange(count) * period_ms + rng.normal(0, jitter_ms, count)
    stamps: npt.NDArray[np.int64] = _START_NS + np.rint(at_ms * 1e6).astype(np.int64)
    return stamps


@pytest.mark.parametrize("share", [0.8, 0.5, 0.3])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("period_ms", "jitter_ms"), [(100.0, 1.0), (33.3, 1.0)])
def test_the_lost_ones_are_counted_and_their_stamps_restored(
    share: float, seed: int, period_ms: float, jitter_ms: float
) -> None:
    sent = _stream(80, period_ms, jitter_ms, seed)
    is_kept = np.random.default_rng(seed + 100).random(80) < share
    is_kept[[0, -1]] = True
    cadence = cadence_of(list(sent[is_kept]))
    assert cadence is not None
    assert (cadence.sent, cadence.received) == (80, is_kept.sum())
    assert abs(cadence.period_ns / 1e6 - period_ms) < 0.05 * period_ms
    assert np.abs(cadence.stamps_ns - sent).max() < 0.2e6 * period_ms
    said = losses_in_words("/image", list(sent[is_kept]), is_reliable=False)
    assert "did not arrive" in said
    assert "publish them as reliable" in said
    again = losses_in_words("/image", list(sent[is_kept]), is_reliable=True)
    assert "the driver leaves them out" in again


def test_neighbours_that_never_arrive_together_do_not_hide_the_period() -> None:
    kept = _stream(60, 33.3, 0.5, 0)[[0, 3, 5, 8, 13, 15, 18, 23, 26, 28, 33]]
    cadence = cadence_of(list(kept))
    assert cadence is not None
    assert (cadence.sent, cadence.received) == (34, 11)


@pytest.mark.parametrize("jitter_ms", [0.0, 3.0, 6.0])
def test_a_stream_that_is_whole_lost_nothing(jitter_ms: float) -> None:
    stamps = list(_stream(100, 33.3, jitter_ms, 3))
    assert losses_in_words("/image", stamps, is_reliable=False) == ""
    assert losses_in_words("/image", stamps[::-1], is_reliable=False) == ""


def test_a_pause_is_no_loss() -> None:
    stamps = _stream(60, 50.0, 1.0, 2)
    stamps[30:] += 100 * 10**9
    assert losses_in_words("/image", list(stamps), is_reliable=False) == ""


@pytest.mark.parametrize("seed", range(20))
def test_stamps_without_a_period_tell_nothing(seed: int) -> None:
    steps_ms = np.random.default_rng(seed).uniform(20, 200, 40)
    stamps = _START_NS + np.cumsum(steps_ms * 1e6).astype(np.int64)
    assert losses_in_words("/image", list(stamps), is_reliable=False) == ""
    assert losses_in_words("/image", list(stamps[:3]), is_reliable=False) == ""
    assert losses_in_words("/image", [], is_reliable=False) == ""


def test_one_stamp_for_all_tells_nothing() -> None:
    assert losses_in_words("/image", [_START_NS] * 20, is_reliable=False) == ""
