# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which of the two projections of a CameraInfo the images were made with."""

from __future__ import annotations

from collections.abc import Sequence

from depth_completion_core.alignment.edge_scene import EdgeAgreement, EdgeScene, agreement
from depth_completion_core.alignment.placement import as_said
from depth_completion_core.sensing.rectification import Projections

_CLEAR_LEAD = 2.0
_LOWEST_SCORE = 0.08
_AGAINST = 3.5  # standard deviations, to go against what was said


def measured_rectified(
    scenes: Sequence[EdgeScene], projections: Projections, *, rectified: bool
) -> bool | None:
    """Whether the images are rectified, as the edges of depth and image say; None where unclear.

    Args:
        scenes: projected as ``rectified`` says.
        projections: the two that may be meant.
        rectified: which of them the scenes have.
    """
    if not scenes:
        return None
    other_from_one = projections.other_from_one(rectified=rectified)
    one = agreement(scenes, as_said)
    other = agreement(
        scenes,
        lambda camera_from_points: other_from_one @ camera_from_points,
        projections.of(rectified=not rectified).camera,
    )
    if one.is_seen and _leads(one, other):
        return rectified
    return not rectified if other.contrast > _AGAINST and _leads(other, one) else None


def _leads(one: EdgeAgreement, other: EdgeAgreement) -> bool:
    return one.score > max(_CLEAR_LEAD * other.score, _LOWEST_SCORE)
