# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One way to show how far a long run is: lines in a log, a bar on a terminal."""

from __future__ import annotations

import fcntl
import io
import os
import re
import select
import struct
import termios
import time
from collections.abc import Iterator
from typing import TextIO

import pytest

from depth_completion_core.progress import ProgressDisplay, with_progress


class _Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def _lines(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def test_lines_come_now_and_then_with_rate_and_time_left() -> None:
    stream, clock = io.StringIO(), _Clock()
    with ProgressDisplay(
        "completing", unit="frame", total=500, stream=stream, clock=clock
    ) as shown:
        for number in range(1, 301):
            clock.now_s += 0.25
            shown.advance(text=f"loss {number}")
    assert _lines(stream) == [
        f"completing: {done} of 500 frames, 4 frames/s, {left} left, loss {done}"
        for done, left in (
            (40, "0:01:55"),
            (80, "0:01:45"),
            (120, "0:01:35"),
            (160, "0:01:25"),
            (200, "0:01:15"),
            (240, "0:01:05"),
            (280, "0:00:55"),
            (300, "0:00:50"),
        )
    ]


def test_what_an_earlier_run_did_is_not_part_of_the_rate() -> None:
    stream, clock = io.StringIO(), _Clock()
    with ProgressDisplay(
        "training", unit="step", total=100, done=80, stream=stream, clock=clock
    ) as shown:
        clock.now_s += 5.0
        shown.advance(10)
        clock.now_s += 5.0
        shown.advance(10)
    assert _lines(stream) == ["training: 100 of 100 steps, 2 steps/s"]


def test_the_number_of_items_need_not_be_known() -> None:
    stream, clock = io.StringIO(), _Clock()
    shown = ProgressDisplay("recording", unit="message", stream=stream, clock=clock)
    clock.now_s += 2.0
    shown.advance(7)
    assert _lines(stream) == []
    shown.close()
    assert _lines(stream) == ["recording: 7 messages, 3.5 messages/s"]


def test_nothing_done_is_nothing_to_show() -> None:
    stream = io.StringIO()
    ProgressDisplay("completing", unit="frame", total=3, stream=stream).close()
    with ProgressDisplay("hidden", unit="frame", is_shown=False, stream=stream) as hidden:
        hidden.advance(3)
    assert _lines(stream) == []


def test_items_come_through_and_are_counted_when_they_are_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(with_progress("abc", "reading", unit="letter", total=3)) == list("abc")
    assert re.fullmatch(r"reading: 3 of 3 letters, \S+ letters/s\n", capsys.readouterr().err)
    items = with_progress("abc", "reading", unit="letter", total=3)
    assert [next(items), next(items)] == ["a", "b"]
    items.close()  # type: ignore[attr-defined]  # a generator
    assert "reading: 1 of 3 letters" in capsys.readouterr().err


@pytest.fixture
def terminal() -> Iterator[tuple[int, TextIO]]:
    """What a terminal shows, and what a program writes to."""
    pytest.importorskip("tqdm")
    shown, written = os.openpty()
    # A bar is as wide as its terminal, and a new one has no size.
    fcntl.ioctl(written, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    with os.fdopen(written, "w") as stream:
        yield shown, stream
    os.close(shown)


def test_a_terminal_shows_a_bar(terminal: tuple[int, TextIO]) -> None:
    shown, stream = terminal
    clock = _Clock()
    with ProgressDisplay(
        "completing", unit="frame", total=4, stream=stream, clock=clock
    ) as display:
        time.sleep(0.2)  # a bar comes once a run has lasted a tenth of a second
        display.advance(4, text="loss 0.5")
        clock.now_s += 60.0
    ready, _, _ = select.select([shown], [], [], 5.0)
    assert ready, "nothing was shown"
    text = os.read(shown, 10_000).decode()
    assert "completing: 100%" in text
    assert "4/4" in text
    assert "loss 0.5" in text
    assert "frames/s" not in text
