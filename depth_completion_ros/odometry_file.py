# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A trajectory file in place of odometry messages: its poses come with the images of their time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from pathlib import Path

from depth_completion_core.files.trajectory_files import read_trajectory
from depth_completion_core.geometry.odometry import StampedPose

_BEFORE_NS = 2 * 10**9
_AHEAD_NS = 10**9  # so that nothing waits for what is known already


class OdometryFile:
    """Hands out the poses of a file, each once, until time jumps back.

    Attributes:
        notes: what is odd about it, in sentences.
    """

    def __init__(self, file: str, moving_frame: str) -> None:
        """Read a TUM trajectory; raises ValueError where it is none, or what moves is not named."""
        if not moving_frame:
            raise ValueError(
                f"odometry_file {file} does not say which frame moves so: name it in odometry_frame"
            )
        trajectory = read_trajectory(Path(file).expanduser(), moving_frame)
        self.notes = [f"{file}: {note}" for note in (*trajectory.doubts, *trajectory.notes)]
        self._poses = trajectory.poses
        self._stamps_ns = [pose.stamp_ns for pose in self._poses]
        self._given = 0
        self._given_for_ns = 0

    def poses_around(self, stamp_ns: int) -> list[StampedPose]:
        """The poses that an image of this stamp needs and that were not handed out yet."""
        earliest = bisect_left(self._stamps_ns, stamp_ns - _BEFORE_NS)
        is_back = stamp_ns < self._given_for_ns - _BEFORE_NS
        first = earliest if is_back else max(self._given, earliest)
        self._given = bisect_right(self._stamps_ns, stamp_ns + _AHEAD_NS)
        self._given_for_ns = stamp_ns
        return self._poses[first : self._given]
