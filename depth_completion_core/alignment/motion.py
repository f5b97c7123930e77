# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the rig moves so that a time offset shows, and does not look like a rotation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from depth_completion_core.alignment.score import TIME, AlignmentScore
from depth_completion_core.geometry.transforms import Float64Array

_ROTATION_STEP_DEG = 0.1
_TIME_STEP_MS = 20.0
_REFERENCE_MS = 50.0
_SMALLEST_SHIFT_DEG = 0.1
_SMALLEST_OWN_SHIFT_DEG = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """What a time offset of 50 ms does to the edge points, root mean square.

    Attributes:
        shift_deg: how far it moves them across their edges, degrees of view.
        own_shift_deg: what of that no rotation of the lidar explains.
    """

    shift_deg: float
    own_shift_deg: float

    @property
    def is_seen(self) -> bool:
        """Whether a time offset moves the points enough."""
        return self.shift_deg >= _SMALLEST_SHIFT_DEG

    @property
    def why_not(self) -> str:
        """Why a time offset cannot be told, in a sentence; empty where it can."""
        if not self.is_seen:
            return (
                "the rig hardly moves, or its motion is not known: a time offset of "
                f"{_REFERENCE_MS:g} ms would move the points by {self.shift_deg:.2f} deg"
            )
        if self.own_shift_deg < _SMALLEST_OWN_SHIFT_DEG:
            return (
                "the rig moves too evenly to tell a time offset from a turned lidar: but for a "
                f"rotation, {_REFERENCE_MS:g} ms would move the points by "
                f"{self.own_shift_deg:.2f} deg"
            )
        return ""


def motion_of(score: AlignmentScore) -> Motion:
    """Shift the edge points in time, and take out the rotation that explains most of it."""
    per_time = _change(score, TIME, _TIME_STEP_MS) * _REFERENCE_MS
    per_rotation = np.stack(
        [_change(score, axis, _ROTATION_STEP_DEG) for axis in range(TIME)], axis=1
    )
    explained = per_rotation @ np.linalg.lstsq(per_rotation, per_time, rcond=None)[0]
    return Motion(shift_deg=_rms(per_time, score), own_shift_deg=_rms(per_time - explained, score))


def _change(score: AlignmentScore, axis: int, step: float) -> Float64Array:
    """(2 E,) degrees of view per unit of a parameter."""
    offset = np.zeros(4)
    offset[axis] = step
    change: Float64Array = (score.directions(offset) - score.directions(-offset)) / (2 * step)
    return change


def _rms(change: Float64Array, score: AlignmentScore) -> float:
    return float(np.sqrt((change**2).sum() / score.edge_count))
