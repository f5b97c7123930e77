# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the true depth of a set comes from, decided before the plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

from depth_completion_core.sensing.measurement_kinds import MEASUREMENT_KINDS
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
        kind: a topic of its own, the depth image that is measured, sweeps, or none.
        reads: what was asked for, with the topics that were found.
    """

    kind: Literal["topic", "measured", "sweeps", "none"]
    reads: PlanWishes


def choose_truth(reader: BagReader, job: DatasetJob) -> ChosenTruth:
    """Take the topic that was named, or the only depth image registered to the camera, or sweeps.

    Where the sparse depth is taken from the truth, nothing else is measured.

    Raises:
        BagError: there is none, or several could be meant; the message says which flag decides.
    """
    truth = _chosen(reader, job)
    if job.sparse == "measured" or truth.kind == "sweeps":
        return truth
    topics = replace(truth.reads.topics, measurements="none", points=(), depth="")
    return ChosenTruth(truth.kind, replace(truth.reads, topics=topics))


def _chosen(reader: BagReader, job: DatasetJob) -> ChosenTruth:
    reads, topics = job.reads, job.reads.topics
    are_points = MEASUREMENT_KINDS[topics.measurements].are_points
    is_depth_measured = "depth" in topics.measurements and job.sparse == "measured"
    if job.truth in ("none", "sweeps"):
        return ChosenTruth("none" if job.truth == "none" else "sweeps", reads)
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
    if job.truth == "auto" and are_points and job.sparse == "measured":
        return ChosenTruth("sweeps", reads)
    raise BagError(
        "no depth image of the camera's frame can be the truth: name one with --truth, take "
        "--truth-from sweeps of a lidar, "
        + (
            "or --truth-from none for a set without true depth"
            if job.sparse == "measured"
            else f"or --sparse-from measured: --sparse-from {job.sparse} takes its depth from the "
            "truth"
        )
    )


def told_sources(job: DatasetJob, truth: ChosenTruth) -> list[str]:
    """Where sparse and true depth come from, in lines as those of the plan."""
    densities = ", ".join(map(str, job.densities))
    kinds = {
        "measured": "of the measured pixels, drawn at random",
        "corners": "of the true depth, at corners that are tracked",
        "features": "of the true depth, at the features of " + ", ".join(map(str, job.features)),
    }
    lines = [f"sparse       at most {densities} {kinds[job.sparse]}"]
    if truth.kind == "sweeps":
        lines.append(
            f"truth        the sweep nearest to each image, {job.sweeps_around} before and "
            f"{job.sweeps_around} after it, without what moves or is hidden"
        )
    elif truth.kind == "measured":
        lines.append("truth        the depth image that is measured")
    elif truth.kind == "none":
        lines.append("truth        none")
    return lines


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
