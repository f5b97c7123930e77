# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which of several calibrations is that of the images, where names do not tell but edges do."""

from __future__ import annotations

from dataclasses import replace

from depth_completion_core.alignment.edge_scene import EdgeAgreement, agreement
from depth_completion_core.alignment.placement import as_said, edge_scenes
from depth_completion_core.config import PairingConfig
from rosbag_tools.completion_plan import Plan, make_plan
from rosbag_tools.errors import BagError, SeveralInfosError
from rosbag_tools.reader import BagReader
from rosbag_tools.spread_pairs import alignment_frames, spread_pairs
from rosbag_tools.wishes import PlanWishes

_PAIRS = 12
_CLEAR_LEAD = 2.0
_NOTHING = EdgeAgreement(score=0.0, contrast=0.0, edges=0)


def plan_by_edges(
    reader: BagReader, wishes: PlanWishes, pairing: PairingConfig, several: SeveralInfosError
) -> Plan:
    """The plan with the calibration on whose edges the points clearly lie, and with no other.

    Raises:
        BagError: that is not clear, so that the user must say.
    """
    plans = [_plan_with(reader, wishes, topic) for topic in several.topics]
    found = [_agreement(reader, plan, pairing) for plan in plans]
    best, second = sorted(range(len(found)), key=lambda index: -found[index].score)[:2]
    if not found[best].is_clear or found[best].score < _CLEAR_LEAD * found[second].score:
        raise BagError(f"{several}; edges of depth and image do not tell them apart") from several
    others = ", ".join(topic for topic in several.topics if topic != several.topics[best])
    note = f"depth edges lie on those of the image with {several.topics[best]}, not with {others}"
    return replace(plans[best], notes=[*plans[best].notes, note])


def _plan_with(reader: BagReader, wishes: PlanWishes, camera_info: str) -> Plan:
    topics = replace(wishes.topics, camera_info=camera_info)
    return make_plan(reader, replace(wishes, topics=topics))


def _agreement(reader: BagReader, plan: Plan, pairing: PairingConfig) -> EdgeAgreement:
    if not plan.topics.clouds or plan.topics.clouds[0].is_depth:
        return _NOTHING
    pairs = spread_pairs(reader, plan, pairing, _PAIRS)
    scenes = edge_scenes(alignment_frames(plan, pairs, 0), _PAIRS)
    return agreement(scenes, as_said) if scenes else _NOTHING
