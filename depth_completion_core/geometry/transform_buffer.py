# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A stamped tree of rigid transforms, as tf2 keeps it."""

from __future__ import annotations

from depth_completion_core.geometry.transform_edge import TransformEdge, TransformError
from depth_completion_core.geometry.transform_notes import TransformNotes
from depth_completion_core.geometry.transforms import RigidTransform

__all__ = ["EXTRAPOLATION_TOLERANCE_NS", "TransformBuffer", "TransformError"]

EXTRAPOLATION_TOLERANCE_NS = 200_000_000
"""The newest images are always a little newer than the TF that has arrived."""


class TransformBuffer:
    """A tree of frames, each hanging on one parent by a static or a time-varying transform.

    Times are integer nanoseconds. Slashes in front of frame names (tf of ROS 1) are dropped.
    """

    def __init__(self, extrapolation_tolerance_ns: int = 0, keep_ns: int = 0) -> None:
        """Start empty.

        Args:
            extrapolation_tolerance_ns: so far outside of what is known the nearest counts.
            keep_ns: how long before the newest one transforms are kept; 0 for all.
        """
        self._edges: dict[str, TransformEdge] = {}
        self._extrapolation_tolerance_ns = extrapolation_tolerance_ns
        self._keep_ns = keep_ns
        self._notes = TransformNotes()

    def set_static(
        self, parent: str, child: str, parent_from_child: RigidTransform, *, stamp_ns: int = 0
    ) -> None:
        """Hang ``child`` on ``parent`` for all times; replaces what was known of ``child``."""
        self._compare(parent, child, stamp_ns, parent_from_child, is_static=True)
        self._edge(parent, child, is_static=True).add(stamp_ns, parent_from_child)

    def set_dynamic(
        self, parent: str, child: str, stamp_ns: int, parent_from_child: RigidTransform
    ) -> None:
        """Add one stamped transform; a static one of the same child and parent stays."""
        self._compare(parent, child, stamp_ns, parent_from_child, is_static=False)
        edge = self._edge(parent, child, is_static=False)
        if edge.is_static:
            return
        self._notes.watch(edge.parent, _clean(child), stamp_ns, parent_from_child)
        if edge.add(stamp_ns, parent_from_child) is not None:
            self._notes.add_stray(edge.parent, _clean(child))
        if self._keep_ns:
            edge.forget_before(edge.settled_ns - self._keep_ns)

    def refuse(self, child: str, why: str) -> None:
        """Count a transform of ``child`` that cannot be taken; the sentence says why."""
        self._notes.add_refused(_clean(child), why)

    @property
    def refused_count(self) -> int:
        """How many transforms could not be taken."""
        return self._notes.refused_count

    @property
    def notes(self) -> list[str]:
        """What is odd in what was received, in sentences: contradictions and refusals."""
        return self._notes.sentences

    def settled_ns(self, child: str) -> int | None:
        """Newest stamp of a frame, without one that may be far ahead by mistake; None for none."""
        edge = self._edges.get(_clean(child))
        return None if edge is None or edge.is_static else edge.settled_ns

    def release(self, child: str) -> None:
        """Forget what a frame hangs on."""
        self._edges.pop(_clean(child), None)

    def clear(self) -> None:
        """Forget the time-varying transforms, as after the clock jumped back; keep static ones."""
        self._edges = {child: edge for child, edge in self._edges.items() if edge.is_static}

    @property
    def frames(self) -> list[str]:
        """Names of all frames, sorted."""
        return sorted(set(self._edges) | {edge.parent for edge in self._edges.values()})

    @property
    def edges(self) -> list[tuple[str, str, bool, int]]:
        """(parent, child, is_static, number of transforms) of every edge, sorted."""
        return sorted(
            (edge.parent, child, edge.is_static, len(edge.stamps_ns))
            for child, edge in self._edges.items()
        )

    def require_connection(self, target: str, source: str) -> None:
        """Raise TransformError, naming the frames that exist, unless both hang in one tree."""
        self._path(_clean(target), _clean(source))

    def connects(self, target: str, source: str) -> bool:
        """Whether both frames hang in one tree."""
        try:
            self.require_connection(target, source)
        except TransformError:
            return False
        return True

    def above(self, frame: str) -> list[str]:
        """The frames that one hangs on, its parent first; raises TransformError on a loop."""
        return self._ancestors(_clean(frame))[1:]

    def root_below(self, top: str, frame: str) -> str:
        """The uppermost frame above ``frame``, or the one below ``top`` on the way to it."""
        chain = [_clean(frame), *self.above(frame)]
        return chain[chain.index(_clean(top)) - 1] if _clean(top) in chain[1:] else chain[-1]

    def is_static_between(self, target: str, source: str) -> bool:
        """Whether every edge between two connected frames is static."""
        up, down = self._path(_clean(target), _clean(source))
        return all(self._edges[child].is_static for child in up + down)

    def is_still_between(self, target: str, source: str) -> bool:
        """Whether two connected frames never moved against each other, static or published."""
        up, down = self._path(_clean(target), _clean(source))
        return all(self._edges[child].is_still for child in up + down)

    def rivalry_between(self, target: str, source: str) -> list[str]:
        """Where two publishers disagree on the way between two frames, in sentences."""
        if not self.connects(target, source):
            return []
        up, down = self._path(_clean(target), _clean(source))
        return [words for child in up + down for words in self._notes.rivalry(child)]

    def lookup(
        self, target: str, source: str, stamp_ns: int, *, tolerance_ns: int | None = None
    ) -> RigidTransform:
        """``target_from_source`` at one instant; a tolerance given here overrides the buffer's own.

        Raises:
            TransformError: a frame is unknown, the two are not connected, or the instant lies
                outside what was received.
        """
        up, down = self._path(_clean(target), _clean(source))
        tolerance = self._extrapolation_tolerance_ns if tolerance_ns is None else tolerance_ns
        up_chain = self._chain(up, stamp_ns, tolerance)
        return self._chain(down, stamp_ns, tolerance).inverse() @ up_chain

    def lookup_through(
        self,
        target: str,
        target_stamp_ns: int,
        source: str,
        source_stamp_ns: int,
        fixed: str,
        *,
        tolerance_ns: int | None = None,
    ) -> RigidTransform:
        """``target`` at one instant from ``source`` at another, the world held still in ``fixed``.

        Raises:
            TransformError: as for :meth:`lookup`.
        """
        fixed_from_source = self.lookup(fixed, source, source_stamp_ns, tolerance_ns=tolerance_ns)
        target_from_fixed = self.lookup(target, fixed, target_stamp_ns, tolerance_ns=tolerance_ns)
        return target_from_fixed @ fixed_from_source

    def _compare(
        self, parent: str, child: str, stamp_ns: int, new: RigidTransform, *, is_static: bool
    ) -> None:
        known = self._edges.get(_clean(child))
        if known is not None:
            self._notes.compare(
                known, _clean(parent), _clean(child), stamp_ns, new, is_static=is_static
            )

    def _edge(self, parent: str, child: str, *, is_static: bool) -> TransformEdge:
        parent, child = _clean(parent), _clean(child)
        if parent == child:
            raise ValueError(f"frame '{child}' was published as its own parent")
        edge = self._edges.get(child)
        keep = edge is not None and edge.parent == parent and (edge.is_static or not is_static)
        if edge is None or not keep:
            edge = self._edges[child] = TransformEdge(parent, is_static)
        return edge

    def _ancestors(self, frame: str) -> list[str]:
        chain = [frame]
        while (edge := self._edge_above(chain[-1])) is not None:
            if edge.parent in chain:
                loop = " <- ".join([*chain, edge.parent])
                raise TransformError(f"the TF tree has a loop: {loop}")
            chain.append(edge.parent)
        return chain

    def _edge_above(self, frame: str) -> TransformEdge | None:
        """By what a frame hangs on its parent; all that is asked comes by here."""
        return self._edges.get(frame)

    def _knows(self, frame: str) -> bool:
        return frame in self._edges or any(edge.parent == frame for edge in self._edges.values())

    def _path(self, target: str, source: str) -> tuple[list[str], list[str]]:
        """Children whose edges lead from source up to the common root, and likewise from target."""
        for frame in (target, source):
            if target != source and not self._knows(frame):
                listed = ", ".join(self.frames) or "none at all: no TF was received"
                raise TransformError(
                    f"frame '{frame}' is not in the TF tree{self._notes.why_refused(frame)}. "
                    f"Frames that exist: {listed}. "
                    "Publish it, or give the extrinsics by hand"
                )
        source_chain, target_chain = self._ancestors(source), self._ancestors(target)
        common = next((frame for frame in source_chain if frame in target_chain), None)
        if common is None:
            raise TransformError(
                f"'{target}' and '{source}' are in two separate trees ('{target_chain[-1]}' and "
                f"'{source_chain[-1]}' are their roots)"
                f"{self._notes.why_refused(target_chain[-1], source_chain[-1])}. "
                f"Frames that exist: {', '.join(self.frames)}. "
                "Publish a transform between the two trees, or give the extrinsics by hand"
            )
        return (
            source_chain[: source_chain.index(common)],
            target_chain[: target_chain.index(common)],
        )

    def _chain(self, children: list[str], stamp_ns: int, tolerance_ns: int) -> RigidTransform:
        """Common ancestor from the first child."""
        result = RigidTransform.identity()
        for child in children:
            edge = self._edges[child]
            result = edge.at(stamp_ns, child, tolerance_ns) @ result
        return result


def _clean(frame: str) -> str:
    return frame.lstrip("/")
