# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The next batch is made while this one is learned from."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from typing import TypeVar

import torch

T = TypeVar("T")


class _End(Exception):  # noqa: N818 - the end of the items is no error
    """No item is left."""


def prefetched(items: Generator[T, None, None], device: torch.device) -> Generator[T, None, None]:
    """The same items, made by a thread, one before it is asked for.

    Both threads use the device's default stream, so what one has begun there is in order with what
    the other has; while one waits for the device, the other can give it work.

    Args:
        items: what is made; all of it, and its end, in the thread.
        device: that the thread makes them on.

    Raises:
        Exception: what making an item raised, in the place of that item.
    """
    made: queue.Queue[T | Exception] = queue.Queue(maxsize=1)
    is_wanted = threading.Event()
    is_wanted.set()
    maker = threading.Thread(target=_make, args=(items, made, is_wanted, device), daemon=True)
    maker.start()
    try:
        while True:
            item = made.get()
            if isinstance(item, _End):
                return
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        is_wanted.clear()
        while maker.is_alive():
            _emptied(made)
            maker.join(0.01)


def _make(
    items: Generator[T, None, None],
    made: queue.Queue[T | Exception],
    is_wanted: threading.Event,
    device: torch.device,
) -> None:
    if device.type == "cuda":
        torch.cuda.set_device(device)
    try:
        for item in items:
            made.put(item)
            if not is_wanted.is_set():
                break
        items.close()
        made.put(_End())
    except Exception as error:  # whatever it is, it belongs to the thread that asks
        made.put(error)


def _emptied(made: queue.Queue[T | Exception]) -> None:
    """Make room for a maker that waits for it."""
    try:
        made.get_nowait()
    except queue.Empty:
        return
