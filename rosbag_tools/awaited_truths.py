# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which message of the truth topic belongs to which frame, recorded before it or after it."""

from __future__ import annotations

from collections import deque
from typing import Any, Generic, TypeVar

from depth_completion_core.config import PairingConfig

T = TypeVar("T")

TRUTH_SLOP_NS = 5_000_000
"""How far the stamps of a frame and of its true depth may be apart."""
_KEPT = 100
_NS_PER_MS = 1_000_000


class AwaitedTruths(Generic[T]):
    """Holds each frame until the truth topic has passed its stamp; order is kept.

    No more frames wait than ``pairing.queue_size``: beyond, the oldest goes on with what is there.
    """

    def __init__(self, pairing: PairingConfig) -> None:
        self._longest_queue = pairing.queue_size
        self._jump_back_ns = round(pairing.jump_back_ms * _NS_PER_MS)
        self._recent: deque[tuple[int, Any]] = deque(maxlen=_KEPT)
        self._waiting: deque[tuple[int, T]] = deque()
        self._last_truth_ns: int | None = None
        self._last_frame_ns: int | None = None

    def add_frame(self, stamp_ns: int, frame: T) -> list[tuple[T, Any | None]]:
        """Take a frame; returns those that need not wait any longer, each with its truth or None.

        Frames come in the order of their stamps; a stamp that jumps back starts anew.
        """
        decided: list[tuple[T, Any | None]] = []
        if self._jumped_back(self._last_frame_ns, stamp_ns):
            decided = self.flush()
            self._last_truth_ns = None
        self._last_frame_ns = stamp_ns
        self._waiting.append((stamp_ns, frame))
        return decided + self._decide()

    def add_truth(self, stamp_ns: int, message: Any) -> list[tuple[T, Any | None]]:  # noqa: ANN401
        """Take a message of the truth topic; returns as :meth:`add_frame` does."""
        decided = self.flush() if self._jumped_back(self._last_truth_ns, stamp_ns) else []
        self._last_truth_ns = stamp_ns
        self._recent.append((stamp_ns, message))
        return decided + self._decide()

    def flush(self) -> list[tuple[T, Any | None]]:
        """Everything that waits: no more truth will come."""
        return [self._next() for _ in range(len(self._waiting))]

    def _decide(self) -> list[tuple[T, Any | None]]:
        decided = []
        while self._waiting and (
            self._is_passed(self._waiting[0][0]) or len(self._waiting) > self._longest_queue
        ):
            decided.append(self._next())
        return decided

    def _is_passed(self, stamp_ns: int) -> bool:
        return self._last_truth_ns is not None and self._last_truth_ns >= stamp_ns + TRUTH_SLOP_NS

    def _next(self) -> tuple[T, Any | None]:
        stamp_ns, frame = self._waiting.popleft()
        near = [item for item in self._recent if abs(item[0] - stamp_ns) <= TRUTH_SLOP_NS]
        return frame, min(near, key=lambda item: abs(item[0] - stamp_ns))[1] if near else None

    def _jumped_back(self, last_ns: int | None, stamp_ns: int) -> bool:
        return last_ns is not None and stamp_ns < last_ns - self._jump_back_ns
