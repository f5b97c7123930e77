# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two publishers of one moving frame, who show in that its place jumps to and fro between two."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from depth_completion_core.geometry.transforms import Float64Array, RigidTransform

_SMALLEST_JUMP = 0.02  # 2 cm, and about a degree
_SAME_JUMP = 0.3  # of it
_ENOUGH = 6
_WITHIN = 60  # messages: one publisher may be slower than the other


class PlaceAt(NamedTuple):
    """Where a frame was said to be."""

    stamp_ns: int
    parent_from_child: RigidTransform


class RivalPlaces:
    """Watches one frame, in the order in which its transforms come.

    Between two messages of one publisher there is one of the other, off the line between them by
    the same jump each time. A frame that really moves is on that line, but for what it accelerates;
    noise jumps otherwise each time.

    Attributes:
        found: two of the places; None where they are those of one publisher.
    """

    def __init__(self) -> None:
        self.found: tuple[PlaceAt, PlaceAt] | None = None
        self._count = 0
        self._recent: deque[tuple[PlaceAt, Float64Array]] = deque(maxlen=3)
        self._jump = np.zeros(12)
        self._jumps_at: deque[int] = deque(maxlen=_ENOUGH)

    def add(self, stamp_ns: int, parent_from_child: RigidTransform) -> None:
        """Take a transform."""
        self._count += 1
        numbers = np.append(parent_from_child.rotation, parent_from_child.translation)
        place = PlaceAt(stamp_ns, parent_from_child)
        if self._recent and self._is_repeated(stamp_ns, numbers):
            return
        is_far = bool(self._recent) and np.abs(numbers - self._recent[-1][1]).max() > _SMALLEST_JUMP
        self._recent.append((place, numbers))
        if is_far and len(self._recent) == 3:
            self._look()

    def _is_repeated(self, stamp_ns: int, numbers: Float64Array) -> bool:
        """One message that is delivered twice."""
        return any(
            place.stamp_ns == stamp_ns and np.array_equal(known, numbers)
            for place, known in self._recent
        )

    def _look(self) -> None:
        (before, start), (between, middle), (after, end) = self._recent
        whole_ns = after.stamp_ns - before.stamp_ns
        share = (between.stamp_ns - before.stamp_ns) / whole_ns if whole_ns else 0.5
        jump = middle - (start + min(max(share, 0.0), 1.0) * (end - start))
        size = float(np.linalg.norm(jump))
        if size < _SMALLEST_JUMP or np.linalg.norm(end - start) > size:
            return
        apart = min(np.linalg.norm(jump - self._jump), np.linalg.norm(jump + self._jump))
        if apart > _SAME_JUMP * size:
            self._jumps_at.clear()
        self._jump = jump
        self._jumps_at.append(self._count)
        if len(self._jumps_at) == _ENOUGH and self._count - self._jumps_at[0] <= _WITHIN:
            self.found = between, after
