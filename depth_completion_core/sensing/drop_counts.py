# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What was not used, live or of a bag: counted by kind, however many sentences there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.frame import FrameError
from depth_completion_core.geometry.transform_buffer import TransformError

_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (TransformError, "no transform"),
    (CodecError, "message cannot be decoded"),
    (FrameError, "frame does not fit together"),
    (ValueError, "frame cannot be used"),
    (MemoryError, "out of memory"),
)


def reason_of(error: BaseException) -> str:
    """A few words, the same for all errors of a kind, so that counting them needs no more room.

    Errors of rooms that are not imported here say them themselves, in an attribute ``drop_reason``.
    """
    if words := str(getattr(error, "drop_reason", "")):
        return words
    if "out of memory" in str(error):  # torch's error is a RuntimeError on some devices
        return "out of memory"
    for kind, words in _REASONS:
        if isinstance(error, kind):
            return words
    return f"unexpected {type(error).__name__}"


@dataclass(slots=True)
class DropCounts:
    """Counts drops by reason, and keeps the first sentence on each as its example."""

    _counts: Counter[str] = field(default_factory=Counter)
    _examples: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, sentence: str = "", count: int = 1) -> None:
        """Count some; the sentence says what was found and what to do."""
        self._counts[reason] += count
        if sentence:
            self._examples.setdefault(reason, sentence)

    def add_error(self, error: BaseException) -> None:
        """Count what an error stopped."""
        self.add(reason_of(error), str(error))

    def update(self, other: DropCounts | Mapping[str, int]) -> None:
        """Add what was counted elsewhere."""
        for reason, count in (other.counts if isinstance(other, DropCounts) else other).items():
            self.add(reason, other.example(reason) if isinstance(other, DropCounts) else "", count)

    @property
    def counts(self) -> dict[str, int]:
        """How many, by reason; the most frequent first."""
        return dict(self._counts.most_common())

    def example(self, reason: str) -> str:
        """The first sentence on a reason; empty where its words say all."""
        return self._examples.get(reason, "")

    @property
    def lines(self) -> list[str]:
        """Each reason with how often and its example, the most frequent first."""
        return [self._line(reason, count) for reason, count in self.counts.items()]

    def _line(self, reason: str, count: int) -> str:
        example = self.example(reason)
        if not example:
            return f"{count} x {reason}"
        return f"{count} x {reason}{' (for example: ' if count > 1 else ' ('}{example})"
