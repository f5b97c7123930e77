# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which of the two projections of a CameraInfo the images were made with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from depth_completion_core.alignment.edge_scene import EdgeAgreement, EdgeScene, agreement
from depth_completion_core.alignment.placement import as_said
from depth_completion_core.diagnosis.findings import Finding
from depth_completion_core.sensing.rectification import Projections, projections_of
from depth_completion_core.sensing.sensor_geometry import says_whether_rectified

_CLEAR_LEAD = 2.0
_LOWEST_SCORE = 0.08
_AGAINST = 3.5  # standard deviations, to go against what was said
_NO_SIGN, _SOME_SIGN = 0.8, 3.0  # likewise, to doubt it
_DOUBTFUL_SCORE = 0.05


class ProjectionFit(NamedTuple):
    """What edges say of the two projections.

    Attributes:
        rectified: whether the images are rectified; None where that is not clear.
        is_doubtful: whether it is not clear, but the other projection fits rather better.
    """

    rectified: bool | None
    is_doubtful: bool = False


def measured_projection(
    scenes: Sequence[EdgeScene], projections: Projections, *, rectified: bool
) -> ProjectionFit:
    """Which projection the images were made with, as the edges of depth and image say.

    Args:
        scenes: projected as ``rectified`` says.
        projections: the two that may be meant.
        rectified: which of them the scenes have.
    """
    if not scenes:
        return ProjectionFit(None)
    other_from_one = projections.other_from_one(rectified=rectified)
    one = agreement(scenes, as_said)
    other = agreement(
        scenes,
        lambda camera_from_points: other_from_one @ camera_from_points,
        projections.of(rectified=not rectified).camera,
    )
    if one.is_seen and _leads(one, other):
        return ProjectionFit(rectified)
    if other.contrast > _AGAINST and _leads(other, one):
        return ProjectionFit(not rectified)
    is_doubtful = one.contrast < _NO_SIGN and other.contrast > _SOME_SIGN
    return ProjectionFit(None, is_doubtful and other.score > _DOUBTFUL_SCORE)


def _leads(one: EdgeAgreement, other: EdgeAgreement) -> bool:
    return one.score > max(_CLEAR_LEAD * other.score, _LOWEST_SCORE)


def projection_findings(
    scenes: Sequence[EdgeScene],
    info: Any,  # noqa: ANN401 - of rclpy, of a bag or of a file
    *,
    rectified: bool,
    is_guess: bool,
    image_topic: str,
) -> list[Finding]:
    """What is wrong with the choice between P, and K with D; empty where nothing is.

    Args:
        scenes: projected as ``rectified`` says.
        info: a sensor_msgs/CameraInfo.
        rectified: whether P is used.
        is_guess: whether that follows from the topic's name alone.
        image_topic: its name.
    """
    projections = projections_of(info)
    if projections is None or not projections.differ:
        return []
    measured, is_doubtful = measured_projection(scenes, projections, rectified=rectified)
    apart = f"P and K with D place points up to {projections.apart_px:.0f} px apart"
    if measured is not None and measured != rectified:
        return [
            Finding(
                severity="error",
                subject=image_topic,
                found=f"depth edges meet the edges of the image with {_way(measured)}, but points "
                f"are projected with {_way(rectified)}; {apart}",
                remedy=f'set image_is_rectified to "{str(measured).lower()}"',
            )
        ]
    is_open = measured is None and not says_whether_rectified(image_topic)
    if is_guess and (is_doubtful or is_open):
        return [
            Finding(
                severity="warning",
                subject=image_topic,
                found=f"whether it is rectified is not clear from its name and from edges, and "
                f"{apart}; {_way(rectified)} is used",
                remedy='set image_is_rectified to "true" (P) or "false" (K and D)',
            )
        ]
    return []


def _way(rectified: bool) -> str:
    return "P" if rectified else "K and D"
