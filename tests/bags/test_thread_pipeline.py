# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from rosbag_tools.thread_pipeline import ThreadPipeline

_TIMEOUT_S = 10.0


def _within_time(work: Callable[[], None]) -> BaseException | None:
    """Run on a thread; a deadlock fails the test instead of hanging it."""
    raised: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    thread.join(_TIMEOUT_S)
    assert not thread.is_alive(), "deadlock"
    return raised[0] if raised else None


def test_order_is_kept_and_each_stage_has_its_thread() -> None:
    seen: list[int] = []
    threads: list[set[int]] = [set(), set(), set()]

    def stage(index: int) -> Callable[[int], int]:
        def work(item: int) -> int:
            threads[index].add(threading.get_ident())
            time.sleep(0.001 * ((item * (index + 1)) % 3))
            if index == 2:
                seen.append(item)
            return item + 100

        return work

    stages = ThreadPipeline([stage(index) for index in range(3)])
    for item in range(60):
        stages.put(item)
    stages.finish()
    assert seen == [item + 200 for item in range(60)]
    assert [len(idents) for idents in threads] == [1, 1, 1]
    assert len(set.union(*threads)) == 3


def test_stages_work_at_the_same_time() -> None:
    barrier = threading.Barrier(2)

    def wait_at(meeting: str) -> Callable[[str], str]:
        def work(item: str) -> str:
            if item == meeting:
                barrier.wait(_TIMEOUT_S / 2)  # passes only while both stages are at work
            return item

        return work

    stages = ThreadPipeline([wait_at("second"), wait_at("first")])
    stages.put("first")
    stages.put("second")
    assert _within_time(stages.finish) is None


@pytest.mark.parametrize("failing", [0, 1, 2])
@pytest.mark.parametrize("at", [0, 3, 199])
def test_exception_of_any_stage_surfaces(failing: int, at: int) -> None:
    def stage(index: int) -> Callable[[int], int]:
        def work(item: int) -> int:
            if index == failing and item == at:
                raise ValueError(f"stage {index}")
            return item

        return work

    stages = ThreadPipeline([stage(index) for index in range(3)])

    def feed() -> None:
        for item in range(200):
            stages.put(item)
        stages.finish()

    error = _within_time(feed)
    assert isinstance(error, ValueError)
    assert str(error) == f"stage {failing}"


def test_put_does_not_hang_after_an_error_behind_full_queues() -> None:
    is_released = threading.Event()

    def last(item: int) -> int:
        is_released.wait(_TIMEOUT_S)
        raise ValueError("disk full")

    stages = ThreadPipeline([lambda item: item, last])
    threading.Timer(0.2, is_released.set).start()

    def feed() -> None:
        for item in range(10_000):
            stages.put(item)

    assert isinstance(_within_time(feed), ValueError)
    assert isinstance(_within_time(stages.finish), ValueError)


def test_no_thread_is_left_over() -> None:
    before = set(threading.enumerate())
    failing = ThreadPipeline([lambda item: 1 // item])
    failing.put(0)
    with pytest.raises(ZeroDivisionError):
        failing.finish()
    ThreadPipeline([lambda item: item] * 4).finish()
    assert set(threading.enumerate()) <= before


def test_nothing_passes_after_an_error() -> None:
    passed: list[int] = []

    def first(item: int) -> int:
        if item == 1:
            raise ValueError("no")
        return item

    stages = ThreadPipeline([first, passed.append])

    def feed() -> None:
        for item in range(50):
            stages.put(item)
        stages.finish()

    assert isinstance(_within_time(feed), ValueError)
    assert passed in ([], [0])


def test_memory_is_bounded() -> None:
    gate = threading.Event()
    fed: list[int] = []

    def blocked(item: int) -> int:
        gate.wait(_TIMEOUT_S)
        return item

    stages = ThreadPipeline([lambda item: item, blocked])

    def feed() -> None:
        for item in range(1000):
            stages.put(item)
            fed.append(item)
        stages.finish()

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    time.sleep(0.3)
    waiting = len(fed)
    gate.set()
    feeder.join(_TIMEOUT_S)
    assert not feeder.is_alive()
    assert waiting < 50
    assert len(fed) == 1000
