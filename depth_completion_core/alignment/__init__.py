# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time offset and small rotation between camera and lidar, from depth edges and image edges."""

from __future__ import annotations

from depth_completion_core.alignment.alignment_frame import AlignmentFrame
from depth_completion_core.alignment.estimate import estimate_alignment
from depth_completion_core.alignment.estimates import (
    Alignment,
    AlignmentLimits,
    RotationEstimate,
    TimeOffsetEstimate,
)
from depth_completion_core.alignment.report import alignment_findings

__all__ = [
    "Alignment",
    "AlignmentFrame",
    "AlignmentLimits",
    "RotationEstimate",
    "TimeOffsetEstimate",
    "alignment_findings",
    "estimate_alignment",
]
