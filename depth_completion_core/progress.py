# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far a long run is, on standard error, the same for every program.

On a terminal it is a bar of tqdm, where that is installed; everywhere else, a line now and then:

    completing: 120 of 500 frames, 12.1 frames/s, 0:00:31 left
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from types import TracebackType
from typing import Any, TextIO, TypeVar

T = TypeVar("T")

_LINE_EVERY_S = 10.0


class ProgressDisplay:
    """Shows items as they are done; a context manager.

    Args:
        title: what is done, such as ``completing``.
        unit: what an item is, in the singular.
        total: how many items there are; 0 where that is not known.
        done: how many of them were done in an earlier run.
        is_shown: False for nothing, as in all processes but the first.
        stream: where it is shown; standard error where not given.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        title: str,
        *,
        unit: str,
        total: int = 0,
        done: int = 0,
        is_shown: bool = True,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._title, self._unit, self._total = title, unit, total
        self._first = self._done = self._shown = done
        self._stream, self._clock = stream or sys.stderr, clock
        self._began = self._last_line = clock()
        self._text = ""
        self._is_shown = is_shown
        self._bar = self._new_bar() if is_shown and self._stream.isatty() else None

    def __enter__(self) -> ProgressDisplay:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def advance(self, count: int = 1, text: str = "") -> None:
        """Some more items are done; ``text`` is shown behind their number."""
        self._done, self._text = self._done + count, text
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=False)
            self._bar.update(count)
        elif self._clock() - self._last_line >= _LINE_EVERY_S:
            self._show_line()

    def close(self) -> None:
        """Leave the last state where it can be read."""
        if self._bar is not None:
            self._bar.close()
        elif self._done > self._shown:
            self._show_line()

    def _new_bar(self) -> Any:  # noqa: ANN401 - an extra
        try:
            from tqdm import tqdm  # noqa: PLC0415 - an extra
        except ImportError:
            return None
        return tqdm(
            desc=self._title,
            unit=self._unit,
            total=self._total or None,
            initial=self._done,
            file=self._stream,
            dynamic_ncols=True,
            delay=0.1,
        )

    def _show_line(self) -> None:
        if not self._is_shown:
            return
        self._last_line, self._shown = self._clock(), self._done
        rate = (self._done - self._first) / max(self._last_line - self._began, 1e-9)
        parts = [f"{self._count()} {self._unit}s", f"{rate:.3g} {self._unit}s/s"]
        if self._done < self._total:
            left_s = round((self._total - self._done) / max(rate, 1e-9))
            parts.append(f"{timedelta(seconds=left_s)} left")
        if self._text:
            parts.append(self._text)
        print(f"{self._title}: {', '.join(parts)}", file=self._stream, flush=True)

    def _count(self) -> str:
        return f"{self._done} of {self._total}" if self._total else str(self._done)


def with_progress(items: Iterable[T], title: str, *, unit: str, total: int = 0) -> Iterator[T]:
    """The items one by one; each counts as done when the next one is asked for.

    Args:
        items: what is gone through.
        title: what is done with them.
        unit: what an item is, in the singular.
        total: how many there are; 0 where that is not known.
    """
    with ProgressDisplay(title, unit=unit, total=total) as display:
        for item in items:
            yield item
            display.advance()
