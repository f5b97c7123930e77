# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is odd in the transforms that were received, in sentences."""

from __future__ import annotations

from collections import Counter

from depth_completion_core.geometry.rival_places import PlaceAt, RivalPlaces
from depth_completion_core.geometry.transform_edge import TransformEdge, is_same_place
from depth_completion_core.geometry.transforms import RigidTransform


class TransformNotes:
    """Counts by frame: a fault that comes back with every message is one sentence."""

    def __init__(self) -> None:
        self._conflicts: dict[str, str] = {}
        self._rivals: dict[tuple[str, str], RivalPlaces] = {}
        self._strays: Counter[tuple[str, str]] = Counter()
        self._refused: Counter[str] = Counter()
        self._why_refused: dict[str, str] = {}

    def compare(
        self,
        known: TransformEdge,
        parent: str,
        child: str,
        stamp_ns: int,
        new: RigidTransform,
        *,
        is_static: bool,
    ) -> None:
        """Note a place that contradicts the one known; a frame that moves may have many."""
        known_ns = known.stamps_ns[-1]
        old = known.history[known_ns]
        moves = not known.is_static and not is_static
        if known.parent == parent and (moves or is_same_place(old, new)):
            return
        stays = known.is_static and known.parent == parent and not is_static
        self._conflicts[child] = (
            f"two different places are published for '{child}': "
            f"{_described(known.parent, old, known_ns, is_static=known.is_static)}, and "
            f"{_described(parent, new, stamp_ns, is_static=is_static)}. "
            f"The {'static' if stays else 'last'} one counts. Two drivers, URDFs or launch files "
            "may disagree: stop one of them"
        )

    def watch(
        self, parent: str, child: str, stamp_ns: int, parent_from_child: RigidTransform
    ) -> None:
        """Look whether the place of a moving frame jumps between those of two publishers."""
        rivals = self._rivals.get((parent, child))
        if rivals is None:
            rivals = self._rivals[parent, child] = RivalPlaces()
        rivals.add(stamp_ns, parent_from_child)

    def rivalry(self, *children: str) -> list[str]:
        """What two publishers disagree about, of some frames or of all, in sentences."""
        return [
            f"two publishers place '{child}' in turn: "
            f"{', and '.join(_moving(parent, place) for place in found)}. "
            "What lies between two messages is neither's: stop one of them"
            for (parent, child), rivals in self._rivals.items()
            if (found := rivals.found) and (child in children or not children)
        ]

    def add_stray(self, parent: str, child: str) -> None:
        """Count a transform stamped far ahead of its neighbours, which was left out."""
        self._strays[parent, child] += 1

    def add_refused(self, child: str, why: str) -> None:
        """Count a transform that could not be taken; the first sentence on a frame is kept."""
        self._refused[child] += 1
        self._why_refused.setdefault(child, why)

    @property
    def refused_count(self) -> int:
        """How many transforms could not be taken."""
        return self._refused.total()

    def why_refused(self, *frames: str) -> str:
        """A clause on why the transforms of some frames were refused; empty where none were."""
        reasons = [self._why_refused[frame] for frame in frames if frame in self._refused]
        return f", because a transform was refused: {'; '.join(reasons)}" if reasons else ""

    @property
    def sentences(self) -> list[str]:
        """All of it: contradictions, strays and refusals."""
        strays = [
            f"{count} transforms of '{parent}' from '{child}' were stamped far ahead of those "
            "around them, and were left out"
            for (parent, child), count in self._strays.items()
        ]
        refused = [
            f"{self._why_refused[child]} ({count} refused)"
            for child, count in self._refused.items()
        ]
        return [*self._conflicts.values(), *self.rivalry(), *strays, *refused]


def _moving(parent: str, place: PlaceAt) -> str:
    return _described(parent, place.parent_from_child, place.stamp_ns, is_static=False)


def _described(parent: str, transform: RigidTransform, stamp_ns: int, *, is_static: bool) -> str:
    x, y, z = transform.translation
    rotation = ", ".join(f"{number:.4f}" for number in transform.quaternion_xyzw)
    return (
        f"{'static' if is_static else 'moving'} on '{parent}' at ({x:.4f}, {y:.4f}, {z:.4f}) m, "
        f"rotation x y z w ({rotation}), stamped {stamp_ns / 1e9:.3f} s"
    )
