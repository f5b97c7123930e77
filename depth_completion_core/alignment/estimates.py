# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an alignment is asked for, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentLimits:
    """How far is searched, and how good an answer must be.

    Attributes:
        time_ms: largest time offset.
        rotation_deg: largest rotation about each axis.
        sure_ms: an offset is sure within this.
        sure_deg: a rotation is sure within this.
    """

    time_ms: float = 150.0
    rotation_deg: float = 2.4
    sure_ms: float = 20.0
    sure_deg: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOffsetEstimate:
    """When the points were really measured.

    Attributes:
        offset_ms: to be added to the stamps of the sweeps.
        uncertainty_ms: two standard deviations; infinite where nothing is known.
        is_sure: whether the offset may be acted upon.
        reason: why, in a sentence.
    """

    offset_ms: float
    uncertainty_ms: float
    is_sure: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationEstimate:
    """The rotation to multiply ``camera_from_points`` with from the left.

    A rotation vector in the optical frame; for so small angles that is roll, pitch and yaw in any
    order. Positive pitch raises the points in the image, positive yaw moves them right, positive
    roll turns them clockwise.

    Attributes:
        roll_deg: about z, the direction of view.
        pitch_deg: about x, to the right.
        yaw_deg: about y, down.
        uncertainty_deg: two standard deviations of the worst axis; infinite where nothing is known.
        is_sure: whether the rotation may be acted upon.
        reason: why, in a sentence.
    """

    roll_deg: float
    pitch_deg: float
    yaw_deg: float
    uncertainty_deg: float
    is_sure: bool
    reason: str

    @property
    def largest_deg(self) -> float:
        """The largest of the three angles, without its sign."""
        return max(abs(self.roll_deg), abs(self.pitch_deg), abs(self.yaw_deg))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Both estimates."""

    time: TimeOffsetEstimate
    rotation: RotationEstimate
