# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Core's transform buffer, filled by the executor and read by the worker, which may wait for TF."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.odometry import decode_odometry
from depth_completion_core.codecs.sleeping_edge import JUMP_BACK_NS, SleepingEdge
from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.codecs.transform_bytes import TransformBytes, transforms_in
from depth_completion_core.codecs.transforms import add_bytes, name_of
from depth_completion_core.geometry.odometry import StampedPose, fixed_frame_of, hang
from depth_completion_core.geometry.transform_buffer import (
    EXTRAPOLATION_TOLERANCE_NS,
    TransformBuffer,
    TransformError,
)
from depth_completion_core.geometry.transform_edge import TransformEdge
from depth_completion_core.geometry.transforms import RigidTransform

_KEEP_NS = 15 * 10**9
_LOOK_AGAIN_S = 0.005


class LiveTransforms(TransformBuffer):
    """TF as it comes in.

    A look-up of an instant that TF has not reached yet waits, on the thread that asks, until the
    deadline of :meth:`wait_until`; after that the nearest transform within 200 ms counts, as it
    does for bags.

    A moving frame is not decoded before somebody asks for it or for one that hangs on it, or there
    is something to be told about it.

    Attributes:
        lock: of all that is known.
        odometry_frame: what the odometry beside TF holds still; empty before its first pose.
    """

    def __init__(self) -> None:
        super().__init__(EXTRAPOLATION_TOLERANCE_NS, keep_ns=_KEEP_NS)
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._sleeping: dict[bytes, SleepingEdge] = {}
        self._fetch: Callable[[], int] = _nothing
        self._deadline = 0.0
        self._is_adding = False
        self._moved_by_odometry = ""
        self.odometry_frame = ""

    def add(self, message: bytes, *, is_static: bool) -> None:
        """Take a message of /tf or /tf_static, as it travels; a jump back in time starts anew."""
        with self._changed:
            try:
                for item in transforms_in(message):
                    self._take(item, is_static=is_static)
            except CodecError as error:
                self.refuse("", f"{'/tf_static' if is_static else '/tf'}: {error}")
            self._changed.notify_all()

    def _take(self, item: TransformBytes, *, is_static: bool) -> None:
        if self._is_told_by_odometry(item) or (not is_static and self._sleeps(item)):
            return
        child = name_of(item.child)
        self._edge_above(child.lstrip("/"))
        newest_ns = None if is_static else self.settled_ns(child)
        if not add_bytes(self, item, is_static=is_static) or newest_ns is None:
            return
        if item.stamp_ns < newest_ns - JUMP_BACK_NS:
            self.clear()
            add_bytes(self, item, is_static=False)

    def _sleeps(self, item: TransformBytes) -> bool:
        """Whether a transform need not be decoded now."""
        child = item.child.lstrip(b"/")
        edge = self._sleeping.get(child)
        if edge is None:
            if name_of(child) in self._edges:
                return False
            edge = self._sleeping[child] = SleepingEdge(item.parent, item.child)
        return edge.keep(item)

    def _edge_above(self, frame: str) -> TransformEdge | None:
        with self._changed:
            edge = self._sleeping.pop(frame.encode(), None)
            for item in edge.transforms() if edge is not None else ():
                add_bytes(self, item, is_static=False)
            return super()._edge_above(frame)

    def _knows(self, frame: str) -> bool:
        return super()._knows(frame) or frame in self.frames

    def fetch_from(self, fetch: Callable[[], int] | None) -> None:
        """Have a function bring in what waits to be added; it tells how many messages that were."""
        with self._changed:
            self._fetch = fetch or _nothing

    def refresh(self) -> int:
        """Bring it in; returns how many messages that were."""
        with self._changed:
            return self._fetch()

    def add_odometry(self, message: Any, moving_frame: str) -> None:  # noqa: ANN401
        """Take the motion of a message; it goes before what TF says of the same frames.

        Args:
            message: of one of the types of codecs/odometry.py.
            moving_frame: the frame that moves; empty for the one that the message names.
        """
        with self._changed:
            try:
                poses = decode_odometry(message, moving_frame, self._newest_of_path(message))
            except ValueError as error:
                self.refuse(moving_frame, f"odometry: {error}")
            else:
                self.add_poses(poses)

    def add_poses(self, poses: Sequence[StampedPose]) -> None:
        """Take poses, as above."""
        with self._changed:
            self._is_adding = True
            try:
                for pose in poses:
                    if not pose.moving_frame:
                        raise ValueError("it does not say what moves: name it in odometry_frame")
                    self._hang(pose)
            except (ValueError, TransformError) as error:
                self.refuse(poses[0].moving_frame, f"odometry: {error}")
            finally:
                self._is_adding = False
            self._changed.notify_all()

    def _newest_of_path(self, message: Any) -> int:  # noqa: ANN401
        """Up to where a path was taken before; -1 for nothing, as after time jumped back."""
        newest_ns = self.settled_ns(self._moved_by_odometry)
        poses = getattr(message, "poses", ())
        if newest_ns is None or not poses or stamp_ns_of(poses[-1]) < newest_ns - JUMP_BACK_NS:
            return -1
        return newest_ns

    def _hang(self, pose: StampedPose) -> None:
        if not self.odometry_frame:
            self.odometry_frame = fixed_frame_of(pose, self)
        newest_ns = self.settled_ns(self._moved_by_odometry)
        if newest_ns is not None and pose.stamp_ns < newest_ns - JUMP_BACK_NS:
            self.clear()
        self._moved_by_odometry = hang(self, pose, self.odometry_frame)

    def _is_told_by_odometry(self, item: TransformBytes) -> bool:
        """Whether odometry counts in place of a transform; another parent goes in between."""
        moved = self._moved_by_odometry
        if not self.odometry_frame or item.child.lstrip(b"/") != moved.encode():
            return False
        if name_of(item.parent).lstrip("/") == self.odometry_frame:
            return True
        self.release(moved)
        return False

    def clear(self) -> None:
        """Forget the time-varying transforms, as after the clock jumped back."""
        with self._changed:
            self._sleeping.clear()
            super().clear()

    def wait_until(self, deadline: float) -> None:
        """Let look-ups wait until then, in the seconds of time.monotonic(); 0 ends all waiting."""
        with self._changed:
            self._deadline = deadline
            self._changed.notify_all()

    @property
    def refused_count(self) -> int:
        """How many transforms could not be taken."""
        with self._changed:
            return super().refused_count

    @property
    def notes(self) -> list[str]:
        """What is odd in what was received, in sentences."""
        with self._changed:
            return super().notes

    @property
    def frames(self) -> list[str]:
        """Names of all frames, sorted."""
        with self._changed:
            sleeping = {
                name_of(frame).lstrip("/")
                for edge in self._sleeping.values()
                for frame in (edge.parent, edge.child)
            }
            return sorted(sleeping.union(super().frames))

    def is_static_between(self, target: str, source: str) -> bool:
        """Whether every edge between two connected frames is static."""
        with self._changed:
            return super().is_static_between(target, source)

    def lookup(
        self, target: str, source: str, stamp_ns: int, *, tolerance_ns: int | None = None
    ) -> RigidTransform:
        """``target_from_source`` at one instant, waiting for it if need be."""
        with self._changed:
            while True:
                # The thread that adds must not wait for what it would add itself.
                left = 0.0 if self._is_adding else self._deadline - time.monotonic()
                try:
                    exact = 0 if left > 0 else tolerance_ns
                    return super().lookup(target, source, stamp_ns, tolerance_ns=exact)
                except TransformError:
                    if left <= 0:
                        raise
                if not self._fetch():
                    self._changed.wait(min(left, _LOOK_AGAIN_S))


def _nothing() -> int:
    return 0
