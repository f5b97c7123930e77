# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The plan of a program that reads frames out of a bag: checked and told before the first one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from depth_completion_core.config import PairingConfig
from rosbag_tools.completion_plan import Plan, describe, described_doubt
from rosbag_tools.plan_checks import checked_plan
from rosbag_tools.reader import BagReader
from rosbag_tools.stamp_check import check_stamps
from rosbag_tools.wishes import PlanWishes


def told_plan(
    reader: BagReader,
    wishes: PlanWishes,
    pairing: PairingConfig,
    tell: Callable[[str], object],
) -> Plan:
    """Make a plan, compare it with a few frames, tell it line by line, and check the stamps.

    Raises:
        BagError: something is missing or ambiguous, with the flag that mends it, or the stamps do
            not tell which measurement belongs to which image.
    """
    plan = checked_plan(reader, wishes, pairing)
    for line in describe(plan):
        tell(line)
    doubts = check_stamps(reader, plan.topics, pairing)
    for doubt in doubts:
        tell(described_doubt(doubt))
    return replace(plan, doubts=[*plan.doubts, *doubts])
