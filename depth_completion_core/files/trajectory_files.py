# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trajectories as text, one pose a line, as the TUM RGB-D benchmark and evo write them."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from pathlib import Path

from depth_completion_core.files.input_files import InputFileError
from depth_completion_core.geometry.odometry import StampedPose
from depth_completion_core.geometry.trajectory_doubts import Trajectory, checked_trajectory
from depth_completion_core.geometry.transforms import RigidTransform

_EXPECTED = "expected a TUM trajectory: timestamp tx ty tz qx qy qz qw, in seconds and metres"
_LARGEST_BYTES = 200_000_000
_ROUNDED = 0.05  # of a quaternion's length, as two decimals leave it
_LATEST_S = 1e11  # in the year 5138; of nanoseconds, in 1970


def read_trajectory(path: Path, moving_frame: str) -> Trajectory:
    """The poses of a trajectory, in the order of their times, and what is odd about them.

    Args:
        path: a text file of lines ``timestamp tx ty tz qx qy qz qw``; lines that begin with # are
            comments.
        moving_frame: the frame that moved so; the file does not say.

    Raises:
        InputFileError: the file cannot be read, a line is of another form, or nothing can have
            moved so.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputFileError(f"{path} is too large for a trajectory; {_EXPECTED}")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputFileError(f"{path} is not text; {_EXPECTED}") from error
    poses = []
    for number, line in enumerate(lines, start=1):
        words = line.replace(",", " ").split()
        if not words or words[0].startswith("#"):
            continue
        try:
            poses.append(_pose_of(words, moving_frame))
        except (ValueError, InvalidOperation, OverflowError) as error:
            raise InputFileError(f"{path}, line {number}: {error}; {_EXPECTED}") from error
    if not poses:
        raise InputFileError(f"{path} holds no pose; {_EXPECTED}")
    try:
        return checked_trajectory(poses)
    except ValueError as error:
        raise InputFileError(f"{path}: {error}; {_EXPECTED}") from error


def _pose_of(words: list[str], moving_frame: str) -> StampedPose:
    if len(words) != 8:
        raise ValueError(f"found {len(words)} numbers")
    if not abs(float(words[0])) < _LATEST_S:
        raise ValueError(f"{words[0]} is no time in seconds")
    x, y, z, qx, qy, qz, qw = (float(word) for word in words[1:])
    norm = math.hypot(qx, qy, qz, qw)
    if not abs(norm - 1.0) < _ROUNDED:
        raise ValueError(
            f"qx qy qz qw have length {norm:.4g}, which of a rotation is 1, as where they are "
            "angles, or the columns in another order"
        )
    return StampedPose(
        stamp_ns=int(Decimal(words[0]) * 10**9),  # a double holds only microseconds of today
        fixed_frame="",
        moving_frame=moving_frame,
        fixed_from_moving=RigidTransform.from_quaternion((qx, qy, qz, qw), (x, y, z)),
    )
