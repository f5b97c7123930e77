# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Something that is done again and again beside the executor, each turn of which takes longer."""

from __future__ import annotations

import threading
from collections.abc import Callable


class SteadyThread:
    """Calls a function every so many seconds, on a thread of its own."""

    def __init__(self, name: str, period_s: float, call: Callable[[], object]) -> None:
        self._period_s, self._call = period_s, call
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the current call, then end the thread."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.wait(self._period_s):
            self._call()
