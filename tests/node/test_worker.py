# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
import time

from depth_completion_ros.drops import Drops
from depth_completion_ros.worker import REPLACED, WAITED, Mailbox, Worker

_LONG_S = 3600.0


def test_the_newest_batch_wins() -> None:
    mailbox: Mailbox[int] = Mailbox(_LONG_S)
    for item in range(5):
        mailbox.put([item])
    assert mailbox.take() == 4
    assert mailbox.drops == {REPLACED: 4}


def test_a_batch_is_handed_out_in_order_and_the_rest_of_it_replaced() -> None:
    mailbox: Mailbox[int] = Mailbox(_LONG_S)
    mailbox.put([1, 2, 3])
    assert [mailbox.take(), mailbox.take()] == [1, 2]
    mailbox.put([4, 5])
    assert [mailbox.take(), mailbox.take()] == [4, 5]
    assert mailbox.drops == {REPLACED: 1}


def test_of_a_batch_that_waited_too_long_only_the_newest_is_left() -> None:
    mailbox: Mailbox[int] = Mailbox(0.05)
    mailbox.put([1, 2, 3])
    assert mailbox.take() == 1
    time.sleep(0.1)
    assert mailbox.take() == 3
    assert mailbox.drops == {WAITED: 1}


def test_a_single_item_may_wait_for_ever() -> None:
    mailbox: Mailbox[int] = Mailbox(0.0)
    mailbox.put([1])
    time.sleep(0.01)
    assert mailbox.take() == 1
    assert not mailbox.drops


def test_a_closed_mailbox_wakes_who_waits() -> None:
    mailbox: Mailbox[int] = Mailbox(_LONG_S)
    taken: list[int | None] = []
    thread = threading.Thread(target=lambda: taken.append(mailbox.take()))
    thread.start()
    mailbox.close()
    thread.join(5)
    assert taken == [None]


def test_what_waits_when_the_mailbox_closes_is_forgotten() -> None:
    mailbox: Mailbox[int] = Mailbox(_LONG_S)
    mailbox.put([1])
    mailbox.close()
    assert mailbox.take() is None


def test_items_are_handled_on_one_other_thread_and_none_twice() -> None:
    mailbox: Mailbox[int] = Mailbox(_LONG_S)
    handled: list[tuple[int, int]] = []
    worker = Worker(mailbox, lambda item: handled.append((item, threading.get_ident())))
    for item in range(50):
        mailbox.put([item])
        time.sleep(0.001)
    worker.stop()
    items = [item for item, _ in handled]
    assert items == sorted(set(items))
    assert len(items) + mailbox.drops[REPLACED] in (
        49,
        50,
    )  # one may have waited when it was closed
    assert len({thread for _, thread in handled} - {threading.get_ident()}) == 1


def test_stopping_waits_for_the_item_in_work() -> None:
    mailbox: Mailbox[int] = Mailbox(_LONG_S)
    begun, handled = threading.Event(), []

    def handle(item: int) -> None:
        begun.set()
        time.sleep(0.1)
        handled.append(item)

    worker = Worker(mailbox, handle)
    mailbox.put([7])
    assert begun.wait(5)
    worker.stop()
    assert handled == [7]


def test_each_reason_is_told_once_in_a_while_and_always_counted() -> None:
    said: list[str] = []
    drops = Drops(said.append)
    for _ in range(10):
        drops.add("no transform", "frame 'a' is unknown")
        drops.add("out of memory", "smaller images")
    assert drops.counts == {"no transform": 10, "out of memory": 10}
    assert len(said) == 2
    assert "frame 'a' is unknown" in said[0]
