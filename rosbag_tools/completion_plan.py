# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a completion would do with a bag, decided before the first image is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from depth_completion_core.geometry.extrinsics import read_extrinsics
from depth_completion_core.geometry.transform_buffer import TransformBuffer, TransformError
from depth_completion_core.sensing.sensor_geometry import (
    Geometry,
    fixed_frame_above,
    looks_rectified,
)
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader
from rosbag_tools.topic_choice import choose_topics
from rosbag_tools.topics import Topic, Topics, candidates_of
from rosbag_tools.transforms import read_transforms
from rosbag_tools.wishes import PlanWishes, Rectified


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The topics and the geometry of a completion, and what was decided, in sentences."""

    topics: Topics
    geometry: Geometry
    notes: list[str]


def make_plan(reader: BagReader, wishes: PlanWishes) -> Plan:
    """Find topics and transforms.

    Raises:
        BagError: something is missing or ambiguous, with the flag that mends it.
    """
    transforms, refused = read_transforms(reader)
    extrinsics = read_extrinsics(wishes.extrinsics) if wishes.extrinsics else {}
    topics = choose_topics(candidates_of(reader), wishes.topics, transforms)
    optical_frame = topics.image.frame_id or topics.camera_info.frame_id
    for cloud in topics.clouds:
        if not cloud.is_depth and cloud.frame_id not in extrinsics:
            _check_connected(transforms, optical_frame, cloud.frame_id)
    rectified = _is_rectified(topics, wishes.rectified)
    fixed_frame = _fixed_frame(transforms, optical_frame, wishes.fixed_frame)
    geometry = Geometry(
        transforms=transforms,
        extrinsics=extrinsics,
        fixed_frame=fixed_frame,
        rectified=rectified,
        sweep_stamp=wishes.sweep_stamp,
    )
    notes = [*topics.notes, *(f"{reason} ({count} times)" for reason, count in refused.items())]
    if not reader.has_definitions:
        notes.append("the bag does not define its message types; those of ROS 2 Jazzy are assumed")
    return Plan(topics=topics, geometry=geometry, notes=notes)


def describe(plan: Plan) -> list[str]:
    """The plan as lines of text."""
    topics, geometry = plan.topics, plan.geometry
    way = "P (rectified)" if geometry.rectified else "K and D (not rectified)"
    motion = (
        f"undone through the fixed frame '{geometry.fixed_frame}'"
        if geometry.fixed_frame
        else "not undone: no fixed frame (odom, map, world) moves against the camera"
    )
    image = f"{topics.image.encoding}, frame '{topics.image.frame_id}'"
    lines = [
        f"image        {topics.image.name}  ({image}, {topics.image.count} messages)",
        f"calibration  {topics.camera_info.name}, projecting with {way}",
    ]
    lines += [_described_measurements(cloud, geometry) for cloud in topics.clouds]
    if not topics.clouds:
        lines.append("measurements none: the model sees images alone")
    lines.append(f"motion       {motion}")
    if topics.truth:
        lines.append(f"truth        {topics.truth.name}")
    return [*lines, *(f"note         {note}" for note in plan.notes)]


def _described_measurements(topic: Topic, geometry: Geometry) -> str:
    if topic.is_depth:
        return (
            f"depth        {topic.name}  ({topic.encoding}, taken as registered to the camera, "
            f"{topic.count} messages)"
        )
    source = "extrinsics file" if topic.frame_id in geometry.extrinsics else "TF"
    return (
        f"points       {topic.name}  (frame '{topic.frame_id}' through {source}, "
        f"{topic.count} messages)"
    )


def _check_connected(transforms: TransformBuffer, optical_frame: str, cloud_frame: str) -> None:
    try:
        transforms.require_connection(optical_frame, cloud_frame)
    except TransformError as error:
        raise BagError(
            f"{error}. Give a file with --extrinsics:\n"
            "optical_frame_from:\n"
            f"  {cloud_frame or 'FRAME'}: "
            "{translation: [x, y, z], quaternion_xyzw: [x, y, z, w]}"
        ) from error


def _is_rectified(topics: Topics, wish: Rectified) -> bool:
    return wish == "yes" or (wish == "auto" and looks_rectified(topics.image.name))


def _fixed_frame(transforms: TransformBuffer, optical_frame: str, wish: str) -> str:
    if wish == "auto":
        return fixed_frame_above(transforms, optical_frame)
    if wish == "none":
        return ""
    try:
        transforms.require_connection(optical_frame, wish)
    except TransformError as error:
        raise BagError(f"--fixed-frame {wish}: {error}") from error
    return wish
