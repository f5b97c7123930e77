# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
import time

from depth_completion_ros.drops import Drops
from depth_completion_ros.worker import Mailbox, Worker


def test_the_newest_item_wins() -> None:
    mailbox: Mailbox[int] = Mailbox()
    for item in range(5):
        mailbox.put(item)
    assert mailbox.take() == 4
    assert mailbox.replaced == 4


def test_a_closed_mailbox_wakes_who_waits() -> None:
    mailbox: Mailbox[int] = Mailbox()
    taken: list[int | None] = []
    thread = threading.Thread(target=lambda: taken.append(mailbox.take()))
    thread.start()
    mailbox.close()
    thread.join(5)
    assert taken == [None]


def test_what_waits_when_the_mailbox_closes_is_forgotten() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(1)
    mailbox.close()
    assert mailbox.take() is None


def test_items_are_handled_on_one_other_thread_and_none_twice() -> None:
    mailbox: Mailbox[int] = Mailbox()
    handled: list[tuple[int, int]] = []
    worker = Worker(mailbox, lambda item: handled.append((item, threading.get_ident())))
    for item in range(50):
        mailbox.put(item)
        time.sleep(0.001)
    worker.stop()
    items = [item for item, _ in handled]
    assert items == sorted(set(items))
    assert len(items) + mailbox.replaced in (49, 50)  # one may have waited when it was closed
    assert len({thread for _, thread in handled} - {threading.get_ident()}) == 1


def test_stopping_waits_for_the_item_in_work() -> None:
    mailbox: Mailbox[int] = Mailbox()
    begun, handled = threading.Event(), []

    def handle(item: int) -> None:
        begun.set()
        time.sleep(0.1)
        handled.append(item)

    worker = Worker(mailbox, handle)
    mailbox.put(7)
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
