# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the true depth of a set comes from, decided before the plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

from rosbag_tools.errors import BagError
from rosbag_tools.messages import IMAGE
from rosbag_tools.reader import BagReader
from rosbag_tools.topic_choice import chosen_image
from rosbag_tools.topics import Candidates, Topic, candidates_of
from rosbag_tools.void_sets.job import DatasetJob
from rosbag_tools.wishes import PlanWishes

_OURS = ("/depth/image", "/sparse_depth/image", "/depth/confidence", "/depth/support")


class ChosenTruth(NamedTuple):
    """The source of the true depth.

    Attributes:
        kind: a topic of its own, the depth image that is measured, or none.
        reads: what was asked for, with the topics that were found.
    """

    kind: Literal["topic", "measured", "none"]
    reads: PlanWishes


def choose_truth(reader: BagReader, job: DatasetJob) -> ChosenTruth:
    """Take the topic that was named, or the only depth image registered to the camera.

    Raises:
        BagError: there is none, or several could be meant; the message says which flag decides.
    """
    reads, topics = job.reads, job.reads.topics
    if job.truth == "none":
        return ChosenTruth("none", reads)
    is_depth_measured = "depth" in topics.measurements
    if topics.truth and is_depth_measured and topics.truth == topics.depth:
        return ChosenTruth("measured", replace(reads, topics=replace(topics, truth="")))
    if topics.truth:
        return ChosenTruth("topic", reads)
    registered = _registered(candidates_of(reader), reads)
    others = [item for item in registered if item.name.strip("/") != topics.depth.strip("/")]
    if len(others) == 1 and is_depth_measured and not topics.depth:
        return ChosenTruth("measured", replace(reads, topics=replace(topics, depth=others[0].name)))
    if len(others) == 1:
        return ChosenTruth("topic", replace(reads, topics=replace(topics, truth=others[0].name)))
    if not others and is_depth_measured and topics.depth:
        return ChosenTruth("measured", reads)
    if others:
        names = ", ".join(item.name for item in others)
        raise BagError(f"several topics may hold true depth: {names}. Choose with --truth TOPIC")
    raise BagError(
        "no depth image of the camera's frame can be the truth: name one with --truth, or give "
        "--truth-from none for a set without true depth"
    )


def _registered(candidates: Candidates, reads: PlanWishes) -> list[Topic]:
    """Depth images of the camera's frame that this project has not computed."""
    image = chosen_image(candidates, reads.topics, [])
    found = [
        item
        for item in candidates.depths
        if item.count
        and item.frame_id == image.frame_id
        and not f"/{item.name.lstrip('/')}".endswith(_OURS)
    ]
    return [item for item in found if item.msgtype == IMAGE] or found
