# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A plan, and whether what camera and lidar see agrees with it."""

from __future__ import annotations

from dataclasses import replace

from depth_completion_core.alignment.edge_scene import EdgeScene, agreement
from depth_completion_core.alignment.placement import as_said, edge_scenes, placement_findings
from depth_completion_core.alignment.projection_fit import measured_projection
from depth_completion_core.config import PairingConfig
from depth_completion_core.geometry.intrinsics_doubts import info_doubts
from depth_completion_core.sensing.rectification import (
    Projections,
    projection_in_words,
    projections_of,
)
from depth_completion_core.sensing.sensor_geometry import says_whether_rectified
from rosbag_tools.calibration_by_edges import plan_by_edges
from rosbag_tools.completion_plan import Plan, make_plan
from rosbag_tools.errors import BagError, SeveralInfosError
from rosbag_tools.reader import BagReader
from rosbag_tools.spread_pairs import alignment_frames, spread_pairs
from rosbag_tools.wishes import PlanWishes, Rectified

_PAIRS = 6
_PAIRS_FOR_PROJECTION = 12


def checked_plan(reader: BagReader, wishes: PlanWishes, pairing: PairingConfig) -> Plan:
    """Make a plan and compare it with a few frames from all over the bag.

    Raises:
        BagError: something is missing or ambiguous, with the flag that mends it.
    """
    try:
        plan = make_plan(reader, wishes)
    except SeveralInfosError as several:
        plan = plan_by_edges(reader, wishes, pairing, several)
    plan = _with_projection(reader, plan, pairing, wishes.rectified)
    pairs = spread_pairs(reader, plan, pairing, _PAIRS) if _has_points(plan) else []
    scenes = {
        cloud.name: edge_scenes(alignment_frames(plan, pairs, stream))
        for stream, cloud in enumerate(plan.topics.clouds)
        if not cloud.is_depth
    }
    plan = _with_calibration_doubts(plan, list(scenes.values()))
    told = [
        (f"{name}: {finding.found}; {finding.remedy}", finding.severity == "error")
        for name, seen in scenes.items()
        for finding in placement_findings(seen, name)
    ]
    return _telling(plan, told)


def _telling(plan: Plan, told: list[tuple[str, bool]]) -> Plan:
    """With sentences more: those that are grave are doubts, the others notes."""
    return replace(
        plan,
        notes=[*plan.notes, *(line for line, is_grave in told if not is_grave)],
        doubts=[*plan.doubts, *(line for line, is_grave in told if is_grave)],
    )


def _with_calibration_doubts(plan: Plan, scenes: list[list[EdgeScene]]) -> Plan:
    """Say what is odd about the intrinsics; where edges agree with them, it is no more than odd."""
    info, source = plan.calibration.info, plan.calibration.source
    size, rectified = plan.topics.image.size, plan.geometry.rectified
    odd = info_doubts(info, size, rectified=rectified)
    confirmed = any(item.is_grave for item in odd) and any(
        seen and agreement(seen, as_said).is_clear for seen in scenes
    )
    told = [(f"{source}: {item}", item.is_grave and not confirmed) for item in odd]
    return _telling(plan, told)


def _with_projection(
    reader: BagReader, plan: Plan, pairing: PairingConfig, wish: Rectified
) -> Plan:
    """Decide between P and K with D where that matters: asked for, measured, or by name."""
    projections = projections_of(plan.calibration.info)
    if projections is None or not projections.differ:
        return plan
    named = plan.geometry.rectified
    if wish != "auto":
        reason = f", as --rectified {wish} says"
        return _projecting(plan, projections, rectified=named, reason=reason)
    scenes = _scenes(reader, plan, pairing)
    measured, is_doubtful = measured_projection(scenes, projections, rectified=named)
    if measured is not None:
        reason = ", as depth edges on the image's edges show, not as the topic's name says"
        reason = reason if measured != named else ", as depth edges on the image's edges confirm"
        return _projecting(plan, projections, rectified=measured, reason=reason)
    image = plan.topics.image.name
    says = says_whether_rectified(image)
    if is_doubtful or (_has_points(plan) and not says):
        name = (
            f"Its name says {'yes' if named else 'no'}, but depth edges rather say the opposite"
            if says
            else "Neither its name nor the edges in the images tell"
        )
        raise BagError(
            f"is {image} rectified? {name}, and P and K with D place points up to "
            f"{projections.apart_px:.0f} px apart. Say --rectified yes (P) or --rectified no (K "
            "and D)"
        )
    reason = ", by the topic's name; --rectified overrides it"
    return _projecting(plan, projections, rectified=named, reason=reason)


def _projecting(plan: Plan, projections: Projections, *, rectified: bool, reason: str) -> Plan:
    words = projection_in_words(rectified=rectified, apart_px=projections.apart_px, reason=reason)
    return replace(plan, geometry=replace(plan.geometry, rectified=rectified), projection=words)


def _scenes(reader: BagReader, plan: Plan, pairing: PairingConfig) -> list[EdgeScene]:
    """Of the first lidar."""
    if not _has_points(plan):
        return []
    pairs = spread_pairs(reader, plan, pairing, _PAIRS_FOR_PROJECTION)
    return edge_scenes(alignment_frames(plan, pairs, 0), _PAIRS_FOR_PROJECTION)


def _has_points(plan: Plan) -> bool:
    return any(not cloud.is_depth for cloud in plan.topics.clouds)
