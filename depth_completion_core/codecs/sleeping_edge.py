# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What TF says of a frame that nobody has asked for yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from math import inf, isfinite

from depth_completion_core.codecs.transform_bytes import TransformBytes

JUMP_BACK_NS = 10**9
"""A stamp so far before the newest one of its frame means that time started anew."""

_KEPT = 2000  # 10 s at 200 Hz
_SMALLEST_SQUARED_NORM = 1e-11  # of a quaternion; RigidTransform refuses those below 1e-12


class SleepingEdge:
    """Transforms of one frame on one parent, not decoded; the oldest make room for new ones.

    Attributes:
        parent: frame id, as published.
        child: frame id, as published.
    """

    def __init__(self, parent: bytes, child: bytes) -> None:
        self.parent, self.child = parent, child
        self._newest_ns = -(2**63)
        self._waiting: deque[tuple[int, bytes]] = deque(maxlen=_KEPT)

    def keep(self, item: TransformBytes) -> bool:
        """Keep a transform of this frame.

        Returns:
            Whether it was kept: False where something about it is to be told, so that all of them
            have to be decoded: another parent, a jump back in time, or what is no transform.
        """
        stamp_ns = item.stamp_ns
        is_usual = (
            item.parent == self.parent != item.child
            and stamp_ns >= self._newest_ns - JUMP_BACK_NS
            and _is_rigid(item.decoded())
        )
        if is_usual:
            self._newest_ns = max(self._newest_ns, stamp_ns)
            self._waiting.append((stamp_ns, item.numbers))
        return is_usual

    def transforms(self) -> Iterator[TransformBytes]:
        """What was kept, in the order that it came in."""
        for stamp_ns, numbers in self._waiting:
            yield TransformBytes(stamp_ns, self.parent, self.child, numbers)


def _is_rigid(numbers: Sequence[float]) -> bool:
    x, y, z, w = numbers[3:]
    squared_norm = x * x + y * y + z * z + w * w
    return isfinite(sum(numbers[:3])) and _SMALLEST_SQUARED_NORM < squared_norm < inf
