# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Estimates as findings, with what to do."""

from __future__ import annotations

import numpy as np

from depth_completion_core.alignment.estimates import (
    Alignment,
    RotationEstimate,
    TimeOffsetEstimate,
)
from depth_completion_core.alignment.score import rotation_matrix
from depth_completion_core.diagnosis.findings import Finding
from depth_completion_core.geometry.transforms import RigidTransform

_HARMLESS_MS = 10.0
_HARMLESS_DEG = 0.2
_TRY_AGAIN = (
    "record some seconds in which the rig turns left and right past near things with clear "
    "outlines, with its odometry in TF, and run this again"
)


def alignment_findings(
    alignment: Alignment, subject: str, *, known_offset_ms: float = 0.0
) -> list[Finding]:
    """One finding for the time offset, one for the rotation.

    Args:
        alignment: the estimates.
        subject: the camera and the lidar, as the user knows them.
        known_offset_ms: the clock offset that was already added to the stamps of the clouds.
    """
    return [
        time_finding(alignment.time, subject, known_offset_ms),
        rotation_finding(alignment.rotation, subject),
    ]


def time_finding(estimate: TimeOffsetEstimate, subject: str, known_offset_ms: float) -> Finding:
    """The time offset, with the sign in words."""
    subject = f"{subject}, time offset"
    if not estimate.is_sure:
        return Finding(
            severity="warning",
            subject=subject,
            found=f"not sure: {estimate.reason}",
            remedy=_TRY_AGAIN,
        )
    size = f"{abs(estimate.offset_ms):.0f} +- {estimate.uncertainty_ms:.0f} ms"
    if abs(estimate.offset_ms) <= max(_HARMLESS_MS, estimate.uncertainty_ms):
        return Finding(severity="ok", subject=subject, found=f"none that matters ({size})")
    late = "later" if estimate.offset_ms > 0 else "earlier"
    return Finding(
        severity="warning",
        subject=subject,
        found=f"the points were measured {size} {late} than the stamps of the clouds say, by the "
        "clock of the images",
        remedy="let one clock stamp both sensors (PTP or a hardware trigger, time of exposure and "
        "of measuring rather than of arrival); until then set pairing.cloud_clock_offset_ms to "
        f"{known_offset_ms + estimate.offset_ms:.0f}",
    )


def rotation_finding(estimate: RotationEstimate, subject: str) -> Finding:
    """The rotation, with the quaternion that corrects it."""
    subject = f"{subject}, rotation"
    if not estimate.is_sure:
        return Finding(
            severity="warning",
            subject=subject,
            found=f"not sure: {estimate.reason}",
            remedy=_TRY_AGAIN,
        )
    angles = (
        f"roll {estimate.roll_deg:+.2f}, pitch {estimate.pitch_deg:+.2f}, "
        f"yaw {estimate.yaw_deg:+.2f} +- {estimate.uncertainty_deg:.2f} deg in the optical frame"
    )
    if estimate.largest_deg <= max(_HARMLESS_DEG, estimate.uncertainty_deg):
        return Finding(severity="ok", subject=subject, found=f"none that matters ({angles})")
    vector = np.array([estimate.pitch_deg, estimate.yaw_deg, estimate.roll_deg])
    turn = RigidTransform(rotation_matrix(vector), np.zeros(3)).quaternion_xyzw
    quaternion = " ".join(f"{number:.6f}" for number in turn)
    return Finding(
        severity="warning",
        subject=subject,
        found=f"the points should be turned by {angles}",
        remedy="check how both sensors are mounted, and calibrate them to each other again; until "
        "then multiply the transform from the lidar to the optical frame from the left with the "
        f"rotation x y z w = {quaternion}",
    )
