# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Each pair brings the images before it, and pairs come without clouds too."""

from __future__ import annotations

import numpy as np
import pytest

from depth_completion_core.config import PairingConfig
from depth_completion_core.sensing.pair import Pair
from depth_completion_core.sensing.pairing import Pairer

_MS = 1_000_000
_IntPair = Pair[int, int]


def _stamps(count: int, period_ms: float, random: np.random.Generator) -> list[int]:
    jitter = random.uniform(-0.3, 0.3, count)
    return [int((index + shift) * period_ms * _MS) for index, shift in enumerate(jitter)]


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("seed", range(10))
def test_earlier_images_are_those_of_the_stream(seed: int, length: int) -> None:
    """Against the list of all images: those without a cloud and those dropped are among them."""
    random = np.random.default_rng(seed)
    images, clouds = _stamps(40, 33.0, random), _stamps(10, 130.0, random)
    config = PairingConfig(slop_ms=25.0, queue_size=3)
    pairer: Pairer[int, int] = Pairer(config, earlier_pairs=length)
    pairs: list[_IntPair] = []
    late_ns = int(random.uniform(-60, 60)) * _MS
    events = [(at, 0, at) for at in images] + [(at + late_ns, 1, at) for at in clouds]
    for _, is_cloud, stamp_ns in sorted(events):
        take = pairer.add_cloud if is_cloud else pairer.add_image
        pairs += take(stamp_ns, stamp_ns)
    pairs += pairer.flush()
    assert 3 < len(pairs) < len(images)
    for pair in pairs:
        place = images.index(pair.image)
        assert [item.image for item in pair.earlier] == images[max(place - length, 0) : place]
        assert all(item.earlier == () for item in pair.earlier)
        known = {other.image: other.clouds for other in pairs}
        assert [item.clouds for item in pair.earlier] == [
            known.get(item.image, ()) for item in pair.earlier
        ]


def test_nothing_is_kept_without_being_asked() -> None:
    pairer: Pairer[int, int] = Pairer(PairingConfig(), 0)
    assert all(pairer.add_image(at * 100 * _MS, at)[0].earlier == () for at in range(5))


def test_a_jump_back_in_time_forgets_the_images_before() -> None:
    pairer: Pairer[int, int] = Pairer(PairingConfig(), earlier_pairs=2)
    pairs: list[_IntPair] = []
    for turn in range(2):
        for at in range(40):
            pairs += pairer.add_cloud(at * 100 * _MS, at)
            pairs += pairer.add_image(at * 100 * _MS, 1000 * turn + at)
    again = [pair for pair in pairs + pairer.flush() if pair.image >= 1000]
    assert [len(pair.earlier) for pair in again] == [0, 1] + [2] * 38
    assert all(item.image >= 1000 for pair in again for item in pair.earlier)


def test_without_streams_of_clouds_every_image_is_decided_at_once() -> None:
    pairer: Pairer[int, int] = Pairer(PairingConfig(), 0, earlier_pairs=1)
    for at in range(5):
        (pair,) = pairer.add_image(at * 100 * _MS, at)
        assert (pair.image, pair.clouds, pair.gap_ns) == (at, (), 0)
        assert [item.image for item in pair.earlier] == ([at - 1] if at else [])
    assert pairer.flush() == []
    assert pairer.drops == {}


def test_images_that_come_out_of_order_are_nobodys_past() -> None:
    """The late one sees what was before it; the next one sees the newest."""
    pairer: Pairer[int, int] = Pairer(PairingConfig(), 0, earlier_pairs=2)
    seen = {at: pairer.add_image(at * 100 * _MS, at)[0].earlier for at in (0, 1, 3, 2)}
    assert [item.image for item in seen[2]] == [1]
    assert [item.image for item in seen[3]] == [0, 1]
