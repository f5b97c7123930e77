# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How one frame of a transform tree hangs on its parent, over time."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field

import numpy as np

from depth_completion_core.geometry.transforms import RigidTransform

_SAME_PLACE = 1e-3  # 1 mm, and 1 mm at a metre's distance
_FAR_AHEAD_NS = 15_000_000_000
_LONGEST_GAP_NS = 3_600_000_000_000  # what one transform of next year would fill


class TransformError(LookupError):
    """A transform that the tree cannot give; the message names the frames that exist."""


def is_same_place(one: RigidTransform, other: RigidTransform) -> bool:
    """Whether two transforms differ by no more than rounding."""
    turned = np.abs(one.rotation - other.rotation).max()
    return bool(max(turned, np.abs(one.translation - other.translation).max()) <= _SAME_PLACE)


@dataclass(slots=True)
class TransformEdge:
    """One fixed transform, or a sorted history of them.

    Attributes:
        parent: the frame above.
        is_static: whether one transform holds for all times.
        stamps_ns: of the transforms, sorted; of a static one, when it was stamped.
        history: parent from child, by stamp.
        is_still: whether the place was one and the same all the time.
    """

    parent: str
    is_static: bool
    stamps_ns: list[int] = field(default_factory=list)
    history: dict[int, RigidTransform] = field(default_factory=dict)
    is_still: bool = True

    def add(self, stamp_ns: int, parent_from_child: RigidTransform) -> int | None:
        """Take a transform; a static one replaces the other.

        A single transform stamped far ahead of its neighbours is a fault of its publisher. That
        shows when the next one is back among the earlier ones; it is then forgotten.

        Returns:
            The stamp of the transform that was forgotten for that; None for none.
        """
        if self.is_static:
            self.stamps_ns, self.history = [stamp_ns], {stamp_ns: parent_from_child}
            return None
        if self.is_still and self.stamps_ns:
            self.is_still = is_same_place(self.history[self.stamps_ns[0]], parent_from_child)
        stray_ns = self._stray_before(stamp_ns)
        if stray_ns is not None:
            self.stamps_ns.pop()
            del self.history[stray_ns]
        if stamp_ns not in self.history:
            insort(self.stamps_ns, stamp_ns)
        self.history[stamp_ns] = parent_from_child
        return stray_ns

    @property
    def settled_ns(self) -> int:
        """The newest stamp, without one that may yet turn out to be far ahead of its neighbours."""
        newest_ns = self.stamps_ns[-1]
        before_ns = self.stamps_ns[-2] if len(self.stamps_ns) > 1 else newest_ns
        return before_ns if newest_ns > before_ns + _FAR_AHEAD_NS else newest_ns

    def forget_before(self, stamp_ns: int) -> None:
        """Forget all transforms that are older."""
        count = bisect_left(self.stamps_ns, stamp_ns)
        for old_ns in self.stamps_ns[:count]:
            del self.history[old_ns]
        del self.stamps_ns[:count]

    def at(self, stamp_ns: int, child: str, tolerance_ns: int) -> RigidTransform:
        """Parent from child at an instant, interpolated; raises TransformError outside."""
        if self.is_static:
            return self.history[self.stamps_ns[0]]
        index = bisect_left(self.stamps_ns, stamp_ns)
        before_ns = self.stamps_ns[max(index - 1, 0)]
        after_ns = self.stamps_ns[min(index, len(self.stamps_ns) - 1)]
        nearest_ns = min(before_ns, after_ns, key=lambda known_ns: abs(known_ns - stamp_ns))
        if before_ns < stamp_ns < after_ns <= before_ns + _LONGEST_GAP_NS:
            fraction = (stamp_ns - before_ns) / (after_ns - before_ns)
            return self.history[before_ns].interpolated(self.history[after_ns], fraction)
        if abs(nearest_ns - stamp_ns) > tolerance_ns:
            raise TransformError(self._why_unknown(stamp_ns, child, abs(nearest_ns - stamp_ns)))
        return self.history[nearest_ns]

    def _why_unknown(self, stamp_ns: int, child: str, outside_ns: int) -> str:
        first_ns, last_ns = self.stamps_ns[0], self.stamps_ns[-1]
        what = (
            "A gap of years means that one driver does not use the same clock; for a bag, --stamps "
            "recorded takes the time of recording in place of the stamps of images and measurements"
            if outside_ns > 86_400 * 10**9
            else "Record or wait for more TF, or allow some extrapolation"
        )
        return (
            f"'{self.parent}' from '{child}' is known from {first_ns / 1e9:.3f} s to "
            f"{last_ns / 1e9:.3f} s, but {stamp_ns / 1e9:.3f} s was asked for "
            f"({outside_ns / 1e6:.1f} ms outside). {what}"
        )

    def _stray_before(self, stamp_ns: int) -> int | None:
        """The newest stamp, where this one shows that it was far ahead of its neighbours."""
        if len(self.stamps_ns) < 2 or self.settled_ns == self.stamps_ns[-1]:
            return None
        is_back = abs(stamp_ns - self.settled_ns) <= _FAR_AHEAD_NS
        return self.stamps_ns[-1] if is_back and stamp_ns < self.stamps_ns[-1] else None
