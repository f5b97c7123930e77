# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depth_completion_core.config import PairingConfig
from depth_completion_core.sensing.pair import Pair
from depth_completion_core.sensing.pairing import Pairer

_MS = 1_000_000
_ONCE = PairingConfig(
    reuse_clouds=False,
    slop_ms=60.0,
    cloud_time_offset_ms=0.0,
    jump_back_ms=1000.0,
    decide_early=False,
    queue_size=500,
)
_REUSE = replace(_ONCE, reuse_clouds=True)

both_modes = pytest.mark.parametrize("config", [_REUSE, _ONCE], ids=["reuse", "once"])


@dataclass(frozen=True)
class _Message:
    """The payload names its stream and its place in it; stream -1 is the image."""

    stream: int
    index: int
    stamp_ns: int


_Pairs = list[Pair[_Message, _Message]]
_Matches = list[tuple[int, tuple[int, ...]]]


def _messages(stamps_ns: list[list[int]]) -> list[list[_Message]]:
    """Of the image stream first, then of each cloud stream."""
    return [
        [_Message(stream - 1, index, stamp_ns) for index, stamp_ns in enumerate(stamps)]
        for stream, stamps in enumerate(stamps_ns)
    ]


def _feed(pairer: Pairer[_Message, _Message], messages: list[_Message]) -> _Pairs:
    pairs: _Pairs = []
    for message in messages:
        if message.stream < 0:
            pairs += pairer.add_image(message.stamp_ns, message)
        else:
            pairs += pairer.add_cloud(message.stamp_ns, message, message.stream)
    return pairs


def _matches(pairs: _Pairs) -> _Matches:
    return [(pair.image.index, tuple(cloud.index for cloud in pair.clouds)) for pair in pairs]


def _in_time_order(streams: list[list[_Message]]) -> list[_Message]:
    return sorted((m for stream in streams for m in stream), key=lambda m: m.stamp_ns)


def _run(
    config: PairingConfig, streams: list[list[_Message]], arrival: list[_Message] | None = None
) -> tuple[_Pairs, Pairer[_Message, _Message]]:
    pairer = Pairer[_Message, _Message](config, cloud_streams=len(streams) - 1)
    pairs = _feed(pairer, _in_time_order(streams) if arrival is None else arrival)
    return pairs + pairer.flush(), pairer


def _nearest(candidates: list[_Message], stamp_ns: int) -> _Message | None:
    return min(candidates, key=lambda m: (abs(m.stamp_ns - stamp_ns), m.stamp_ns), default=None)


def _twin_reuse(streams: list[list[_Message]], slop_ns: int) -> _Matches:
    images, *clouds = streams
    matches = []
    for image in images:
        nearest = [_nearest(stream, image.stamp_ns) for stream in clouds]
        if all(c is not None and abs(c.stamp_ns - image.stamp_ns) <= slop_ns for c in nearest):
            matches.append((image.index, tuple(c.index for c in nearest if c is not None)))
    return matches


def _twin_once(streams: list[list[_Message]], slop_ns: int) -> _Matches:
    """With everything known: the nearest cloud after the last one used, if no image is nearer."""
    images, clouds = streams
    matches: _Matches = []
    left = list(clouds)
    for place, image in enumerate(images):
        cloud = _nearest(left, image.stamp_ns)
        if cloud is None:
            continue
        gap_ns = abs(cloud.stamp_ns - image.stamp_ns)
        later = images[place + 1 :]
        if gap_ns <= slop_ns and all(abs(cloud.stamp_ns - i.stamp_ns) >= gap_ns for i in later):
            matches.append((image.index, (cloud.index,)))
            left = [c for c in left if c.index > cloud.index]
    return matches


def _stamps(max_size: int = 40) -> st.SearchStrategy[list[int]]:
    gaps_ms = st.lists(st.integers(1, 120) | st.integers(1, 12), max_size=max_size)
    return st.builds(
        lambda start, gaps: [
            int(stamp) * _MS for stamp in np.cumsum(np.array([start, *gaps], dtype=np.int64))
        ],
        st.integers(0, 200),
        gaps_ms,
    )


@given(_stamps(), _stamps())
def test_reuse_gives_every_image_its_nearest_cloud(images: list[int], clouds: list[int]) -> None:
    streams = _messages([images, clouds])
    pairs, _ = _run(_REUSE, streams)
    assert _matches(pairs) == _twin_reuse(streams, 60 * _MS)


@given(_stamps(15), _stamps(15), _stamps(15))
def test_several_streams_must_all_have_a_near_cloud(
    images: list[int], first: list[int], second: list[int]
) -> None:
    streams = _messages([images, first, second])
    pairs, pairer = _run(_REUSE, streams)
    assert _matches(pairs) == _twin_reuse(streams, 60 * _MS)
    for reason in pairer.drops:
        if reason.startswith("image"):
            assert "cloud stream" in reason


@settings(max_examples=120)
@given(_stamps(), _stamps())
def test_once_is_the_twin_that_knows_everything(images: list[int], clouds: list[int]) -> None:
    streams = _messages([images, clouds])
    pairs, _ = _run(_ONCE, streams)
    assert _matches(pairs) == _twin_once(streams, 60 * _MS)


@given(_stamps(15), _stamps(15), _stamps(15))
def test_once_uses_no_message_twice(images: list[int], a: list[int], b: list[int]) -> None:
    pairs, _ = _run(_ONCE, _messages([images, a, b]))
    used = [message for pair in pairs for message in (pair.image, *pair.clouds)]
    assert len(used) == len(set(used))
    for pair in pairs:
        assert pair.gap_ns <= 60 * _MS


@both_modes
@settings(max_examples=120)
@given(images=_stamps(), clouds=_stamps(), data=st.data())
def test_what_is_paired_does_not_depend_on_when_it_arrives(
    config: PairingConfig, images: list[int], clouds: list[int], data: st.DataObject
) -> None:
    """Live, late, or the one topic after the other: each stream in order is enough."""
    streams = _messages([images, clouds])
    expected, _ = _run(config, streams)
    shuffled = data.draw(st.permutations([0] * len(images) + [1] * len(clouds)))
    left = [iter(stream) for stream in streams]
    for arrival in (
        streams[0] + streams[1],
        streams[1] + streams[0],
        [next(left[stream]) for stream in shuffled],
    ):
        pairs, _ = _run(config, streams, arrival)
        assert _matches(pairs) == _matches(expected)


@both_modes
@given(images=_stamps(20), a=_stamps(20), b=_stamps(20))
def test_nothing_is_lost_without_being_counted(
    config: PairingConfig, images: list[int], a: list[int], b: list[int]
) -> None:
    small = replace(config, queue_size=4)
    pairs, pairer = _run(small, _messages([images, a, b]))
    dropped_images = sum(n for why, n in pairer.drops.items() if why.startswith("image: "))
    dropped_clouds = sum(n for why, n in pairer.drops.items() if why.startswith("cloud: "))
    assert len(images) == len(pairs) + dropped_images
    used_clouds = {cloud for pair in pairs for cloud in pair.clouds}
    assert len(a) + len(b) == len(used_clouds) + dropped_clouds
    assert pairer.drops.total() == dropped_images + dropped_clouds
    assert pairer.flush() == []


@both_modes
@given(images=_stamps(20), clouds=_stamps(20), offset_ms=st.integers(-90, 90))
def test_constant_offset_is_the_same_as_other_stamps(
    config: PairingConfig, images: list[int], clouds: list[int], offset_ms: int
) -> None:
    expected, _ = _run(config, _messages([images, clouds]))
    shifted = _messages([images, [stamp_ns - offset_ms * _MS for stamp_ns in clouds]])
    pairs, _ = _run(replace(config, cloud_time_offset_ms=float(offset_ms)), shifted)
    assert _matches(pairs) == _matches(expected)
    assert [pair.gap_ns for pair in pairs] == [pair.gap_ns for pair in expected]
    for pair in pairs:
        assert pair.cloud_stamps_ns == (pair.clouds[0].stamp_ns,)


@both_modes
@given(images=_stamps(20), clouds=_stamps(20), offset_ms=st.integers(-90, 90))
def test_a_clock_offset_is_undone_for_good(
    config: PairingConfig, images: list[int], clouds: list[int], offset_ms: int
) -> None:
    right, _ = _run(config, _messages([images, clouds]))
    off = _messages([images, [stamp_ns - offset_ms * _MS for stamp_ns in clouds]])
    pairs, _ = _run(replace(config, cloud_clock_offset_ms=float(offset_ms)), off)
    assert _matches(pairs) == _matches(right)
    assert [p.cloud_stamps_ns for p in pairs] == [p.cloud_stamps_ns for p in right]
    assert [p.gap_ns for p in pairs] == [p.gap_ns for p in right]


@both_modes
@given(images=_stamps(20), clouds=_stamps(20))
def test_a_pair_says_the_truth_about_itself(
    config: PairingConfig, images: list[int], clouds: list[int]
) -> None:
    pairs, pairer = _run(config, _messages([images, clouds]))
    stamps_ns = [pair.image_stamp_ns for pair in pairs]
    assert stamps_ns == sorted(stamps_ns)
    for pair in pairs:
        assert pair.image_stamp_ns == pair.image.stamp_ns
        assert pair.gap_ns == abs(pair.image.stamp_ns - pair.clouds[0].stamp_ns)
        assert pairer.best_gap_ns is not None
        assert pairer.best_gap_ns <= pair.gap_ns


def test_a_cloud_that_was_passed_over_is_not_used_later() -> None:
    """Image 0 leaves cloud 5 to image 8, which takes cloud 9 instead; image 10 is too late."""
    images = [0, 8 * _MS, 10 * _MS]
    streams = _messages([images, [5 * _MS, 9 * _MS, 30 * _MS]])
    for arrival in (None, streams[0] + streams[1], streams[1] + streams[0]):
        pairs, _ = _run(_ONCE, streams, arrival)
        assert _matches(pairs) == [(1, (1,)), (2, (2,))]


@pytest.mark.parametrize("phase_ms", [0, 4, 16, 29, 50])
@pytest.mark.parametrize("seed", range(3))
def test_a_fast_camera_and_a_slow_lidar_pair_at_the_rate_of_the_lidar(
    phase_ms: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    images = [round((k / 30 + rng.uniform(-0.002, 0.002)) * 1e9) for k in range(300)]
    clouds = [
        round((phase_ms / 1e3 + k / 10 + rng.uniform(-0.002, 0.002)) * 1e9) for k in range(100)
    ]
    streams = _messages([images, clouds])
    pairs, _ = _run(_ONCE, streams)
    assert len(pairs) == len(clouds)
    for pair in pairs:
        assert pair.image == _nearest(streams[0], pair.clouds[0].stamp_ns)


def test_a_slow_camera_and_a_fast_lidar_pair_at_the_rate_of_the_camera() -> None:
    streams = _messages(
        [[k * 200 * _MS + 13 * _MS for k in range(20)], [k * 50 * _MS for k in range(90)]]
    )
    for config in (_ONCE, _REUSE):
        pairs, _ = _run(config, streams)
        assert len(pairs) == 20
        for pair in pairs:
            assert pair.clouds[0] == _nearest(streams[1], pair.image.stamp_ns)


@both_modes
def test_pairs_come_as_soon_as_they_are_certain(config: PairingConfig) -> None:
    pairer = Pairer[str, str](config)
    assert pairer.add_cloud(0, "c0") == []
    assert pairer.add_image(30 * _MS, "i30") == []  # a nearer cloud may come yet
    (pair,) = pairer.add_cloud(100 * _MS, "c100")
    assert (pair.image, pair.clouds) == ("i30", ("c0",))


@both_modes
def test_a_bag_that_loops_gives_every_round_the_same_pairs(config: PairingConfig) -> None:
    rng = np.random.default_rng(0)
    images = sorted(rng.choice(4000, 80, replace=False).tolist())
    clouds = sorted(rng.choice(4000, 40, replace=False).tolist())
    streams = _messages([[s * _MS for s in images], [s * _MS for s in clouds]])
    once, _ = _run(config, streams)
    assert len(once) > 10
    pairs, pairer = _run(config, streams, _in_time_order(streams) * 3)
    assert _matches(pairs) == _matches(once) * 3
    assert pairer.drops["time jumped back"] == 2


def test_only_a_jump_beyond_the_limit_is_a_restart() -> None:
    config = replace(_REUSE, jump_back_ms=500.0)
    for back_ms, jumps in ((499, 0), (500, 0), (501, 1)):
        pairer = Pairer[str, str](config)
        pairer.add_image(2000 * _MS, "late")
        pairer.add_image((2000 - back_ms) * _MS, "early")
        assert pairer.drops["time jumped back"] == jumps


@given(_stamps(), _stamps(), st.integers(0, 1000))
def test_a_little_disorder_does_not_matter(images: list[int], clouds: list[int], seed: int) -> None:
    streams = _messages([images, clouds])
    expected, _ = _run(_REUSE, streams)
    noise = np.random.default_rng(seed)

    def shaken(stream: list[_Message]) -> list[_Message]:
        late_ns = noise.uniform(0, 400 * _MS, len(stream))
        order = np.argsort([m.stamp_ns + late for m, late in zip(stream, late_ns, strict=True)])
        return [stream[i] for i in order]

    for arrival in (shaken(streams[0]) + streams[1], shaken(streams[1]) + streams[0]):
        pairs, pairer = _run(_REUSE, streams, arrival)
        assert _matches(pairs) == _matches(expected)
        assert pairer.drops["time jumped back"] == 0


@pytest.mark.parametrize("queue_size", [1, 5, 20])
def test_images_that_wait_are_bounded(queue_size: int) -> None:
    config = replace(_REUSE, queue_size=queue_size)
    streams = _messages([[k * 10 * _MS for k in range(50)], [k * 10 * _MS for k in range(51)]])
    pairs, pairer = _run(config, streams, streams[0] + streams[1])
    assert [index for index, _ in _matches(pairs)] == list(range(50 - queue_size, 50))
    assert pairer.drops["image: queue full, no cloud came"] == 50 - queue_size


@pytest.mark.parametrize("queue_size", [1, 5, 20])
def test_clouds_that_wait_are_bounded(queue_size: int) -> None:
    config = replace(_REUSE, queue_size=queue_size, slop_ms=4.0)
    streams = _messages([[k * 10 * _MS for k in range(50)], [k * 10 * _MS for k in range(50)]])
    pairs, _ = _run(config, streams, streams[1] + streams[0])
    assert [index for index, _ in _matches(pairs)] == list(range(50 - queue_size, 50))


def test_reasons_say_what_was_missing() -> None:
    _, none_came = _run(_REUSE, _messages([[0, 10 * _MS], []]))
    assert none_came.drops == {"image: no cloud": 2}
    assert none_came.best_gap_ns is None
    _, too_far = _run(_REUSE, _messages([[0], [75 * _MS]]))
    assert too_far.drops == {
        "image: no cloud within 60 ms": 1,
        "cloud: no image was nearest to it": 1,
    }
    assert too_far.best_gap_ns == 75 * _MS
    _, shared = _run(_ONCE, _messages([[0, 20 * _MS], [15 * _MS]]))
    assert shared.drops == {"image: its cloud is nearer to the next image": 1}


def _regular(period_ms: int, count: int, first_ms: int) -> list[int]:
    return [(first_ms + index * period_ms) * _MS for index in range(count)]


@both_modes
@given(
    image_period_ms=st.sampled_from([20, 33, 50, 100]),
    cloud_period_ms=st.sampled_from([50, 100, 120]),
    first_image_ms=st.integers(0, 99),
)
def test_deciding_early_gives_the_same_pairs_of_regular_streams(
    config: PairingConfig, image_period_ms: int, cloud_period_ms: int, first_image_ms: int
) -> None:
    streams = _messages(
        [
            _regular(image_period_ms, 30, 500 + first_image_ms),
            _regular(cloud_period_ms, 25, 0),
        ]
    )
    exact, _ = _run(config, streams)
    early, _ = _run(replace(config, decide_early=True), streams)
    ties = {
        pair.image.index
        for pair in exact
        if config.reuse_clouds and 2 * pair.gap_ns == cloud_period_ms * _MS
    }
    if config.reuse_clouds:
        assert [m for m in _matches(early) if m[0] not in ties] == [
            m for m in _matches(exact) if m[0] not in ties
        ]
    else:
        # Both choose a nearest image; where periods differ, chains of second choices may shift.
        assert abs(len(early) - len(exact)) <= 1
        assert max((p.gap_ns for p in early), default=0) <= 60 * _MS


def test_a_near_cloud_is_taken_without_waiting_for_the_next() -> None:
    pairer = Pairer[str, str](replace(_REUSE, decide_early=True))
    for index in range(3):
        pairer.add_cloud(100 * index * _MS, f"cloud {index}")
    (pair,) = pairer.add_image(240 * _MS, "image")
    assert (pair.clouds, pair.gap_ns) == (("cloud 2",), 40 * _MS)
    assert pairer.add_image(260 * _MS, "too far from cloud 2 to be sure") == []
    (pair,) = pairer.add_cloud(300 * _MS, "cloud 3")
    assert pair.clouds == ("cloud 3",)


def test_earlier_clouds_come_with_the_pair() -> None:
    pairer = Pairer[str, str](replace(_REUSE, accumulate_ms=250.0, cloud_time_offset_ms=5.0))
    for index in range(8):
        pairer.add_cloud(100 * index * _MS, f"cloud {index}")
    (pair,) = pairer.add_image(702 * _MS, "image")
    assert pair.clouds == ("cloud 7",)
    assert pair.earlier_clouds == (("cloud 5", 500 * _MS), ("cloud 6", 600 * _MS))


def test_the_history_of_clouds_does_not_grow() -> None:
    pairer = Pairer[int, int](replace(_REUSE, accumulate_ms=250.0))
    for index in range(1000):
        pairer.add_cloud(100 * index * _MS, index)
        pairer.add_image(100 * index * _MS, index)
    assert len(pairer._history[0]) < 10


def test_an_image_stamped_as_the_one_before_it_is_dropped() -> None:
    """Or a stamp that stands still would give all images one cloud."""
    pairs, pairer = _run(_REUSE, _messages([[0, 100 * _MS, 100 * _MS, 100 * _MS], [0, 100 * _MS]]))
    assert _matches(pairs) == [(0, (0,)), (1, (1,))]
    assert pairer.drops["image: stamped as the image before it"] == 2


@both_modes
def test_stamps_of_whole_seconds_stand_for_the_first_message_of_each(config: PairingConfig) -> None:
    """Ten clouds a second, stamped with the second: only the first was measured then."""
    seconds = [1000 * _MS * (index // 10) for index in range(30)]
    pairs, pairer = _run(config, _messages([[0, 1010 * _MS, 1500 * _MS, 2020 * _MS], seconds]))
    assert _matches(pairs) == [(0, (0,)), (1, (10,)), (3, (20,))]
    assert pairer.drops["cloud: stamped as the cloud before it"] == 27


def test_clouds_of_one_stamp_are_all_accumulated() -> None:
    config = replace(_REUSE, accumulate_ms=200.0)
    pairs, _ = _run(config, _messages([[200 * _MS], [100 * _MS, 100 * _MS, 200 * _MS, 200 * _MS]]))
    (pair,) = pairs
    assert [cloud.index for cloud in pair.clouds] == [2]
    assert [cloud.index for cloud, _ in pair.earlier_clouds] == [0, 1]
