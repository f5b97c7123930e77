# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from depth_completion_core.config import PairingConfig
from rosbag_tools.awaited_truths import AwaitedTruths

_MS = 1_000_000
_PERIOD_NS = 100 * _MS


def _awaited(queue_size: int = 60) -> AwaitedTruths[int]:
    return AwaitedTruths(PairingConfig(queue_size=queue_size))


@pytest.mark.parametrize("seed", range(20))
def test_every_frame_gets_the_truth_nearest_to_it_in_whatever_order_they_come(seed: int) -> None:
    """Against a search through everything, with random gaps and delays."""
    random = np.random.default_rng(seed)
    frames_ns = [index * _PERIOD_NS for index in range(25)]
    gaps_ns = random.integers(-8 * _MS, 8 * _MS, len(frames_ns))
    truths_ns = [stamp + int(gap) for stamp, gap in zip(frames_ns, gaps_ns, strict=True)]
    late_ns = int(random.integers(-5, 5)) * _PERIOD_NS // 2
    events = sorted(
        [(stamp, "frame", stamp) for stamp in frames_ns]
        + [(stamp + late_ns, "truth", stamp) for stamp in truths_ns]
    )
    awaited, decided = _awaited(), []
    for _, kind, stamp_ns in events:
        take = awaited.add_frame if kind == "frame" else awaited.add_truth
        decided += take(stamp_ns, stamp_ns)
    decided += awaited.flush()
    assert decided == [
        (frame, truth if abs(frame - truth) <= 5 * _MS else None)
        for frame, truth in zip(frames_ns, truths_ns, strict=True)
    ]


def test_a_frame_goes_on_as_soon_as_its_truth_is_sure() -> None:
    awaited = _awaited()
    assert awaited.add_frame(0, 7) == []
    assert awaited.add_truth(3 * _MS, "near") == []
    assert awaited.add_truth(_PERIOD_NS, "next") == [(7, "near")]


def test_no_more_frames_wait_than_the_queue_is_long() -> None:
    awaited = _awaited(queue_size=4)
    decided = [awaited.add_frame(index * _PERIOD_NS, index) for index in range(10)]
    assert [len(items) for items in decided] == [0] * 4 + [1] * 6
    assert [item for items in decided for item in items] == [(index, None) for index in range(6)]


@pytest.mark.parametrize("first", ["frame", "truth"])
def test_a_recording_that_starts_again_is_scored_again(first: str) -> None:
    awaited, decided = _awaited(), []
    for again in range(2):
        for index in range(30):
            stamp_ns, frame = index * _PERIOD_NS, 100 * again + index
            if first == "frame":
                decided += awaited.add_frame(stamp_ns, frame)
            decided += awaited.add_truth(stamp_ns, f"truth {index}")
            if first == "truth":
                decided += awaited.add_frame(stamp_ns, frame)
    decided += awaited.flush()
    assert decided == [
        (100 * again + index, f"truth {index}") for again in range(2) for index in range(30)
    ]
