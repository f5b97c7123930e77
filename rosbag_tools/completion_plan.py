# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a completion would do with a bag, decided before the first image is decoded."""

from __future__ import annotations

from dataclasses import dataclass, field

from depth_completion_core.geometry.extrinsics import read_extrinsics
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.sensing.cloud_place import (
    check_place_is_said,
    size_of,
    unused_extrinsics,
)
from depth_completion_core.sensing.rectification import projection_in_words
from depth_completion_core.sensing.sensor_geometry import (
    Geometry,
    looks_rectified,
    motion_in_words,
)
from rosbag_tools.calibration import Calibration, find_calibration
from rosbag_tools.errors import BagError
from rosbag_tools.first_messages import learn_habits
from rosbag_tools.fixed_frame import find_fixed_frame
from rosbag_tools.reader import BagReader
from rosbag_tools.recorded_stamps import RECORDED_NOTE
from rosbag_tools.topic_choice import choose_topics
from rosbag_tools.topics import Topic, Topics, candidates_of
from rosbag_tools.transforms import read_transforms
from rosbag_tools.wishes import PlanWishes, Rectified


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The topics and the geometry of a completion, and what was decided, in sentences.

    Attributes:
        topics: what is read.
        calibration: of most of the images.
        geometry: where the sensors are.
        notes: choices and oddities.
        projection: which projection is used, and why.
        doubts: what measurements say against the geometry, with what to do.
    """

    topics: Topics
    calibration: Calibration
    geometry: Geometry
    notes: list[str]
    projection: str
    doubts: list[str] = field(default_factory=list)


def make_plan(reader: BagReader, wishes: PlanWishes) -> Plan:
    """Find topics and transforms.

    Raises:
        BagError: something is missing or ambiguous, with the flag that mends it.
    """
    transforms, unread = read_transforms(reader)
    extrinsics = read_extrinsics(wishes.extrinsics) if wishes.extrinsics else {}
    topics = choose_topics(
        candidates_of(reader), wishes.topics, transforms, needs_info=not wishes.intrinsics
    )
    rectified = _is_rectified(topics, wishes.rectified)
    calibration = find_calibration(reader, topics, wishes.intrinsics, rectified=rectified)
    fixed = find_fixed_frame(reader, transforms, topics, extrinsics, wishes)
    geometry = Geometry(
        transforms=transforms,
        extrinsics=extrinsics,
        fixed_frame=fixed.name,
        rectified=rectified,
        sweep_stamp=wishes.sweep_stamp,
        points_in_camera_frame=wishes.points_in_camera_frame,
    )
    try:
        for cloud in topics.clouds:
            if not cloud.is_depth:
                _check_place(reader, topics.optical_frame, cloud, geometry, calibration)
    except BagError as error:
        raise BagError("\n".join([str(error), *unread.lines])) from error
    learn_habits(reader, topics, geometry)
    doubts = [*fixed.doubts, *_rivalry(topics, geometry)]
    oddities = [note for note in transforms.notes if note not in doubts]
    notes = [*topics.notes, *fixed.notes, *oddities, *map(str, geometry.habits.notes)]
    if calibration.odd:
        (doubts if calibration.odd.is_grave else notes).append(calibration.odd.sentence)
    unused = unused_extrinsics(
        extrinsics, [cloud.frame_id for cloud in topics.clouds if not cloud.is_depth]
    )
    notes += [*unread.lines, *([unused] if unused else [])]
    if wishes.stamps == "recorded":
        notes.append(RECORDED_NOTE)
    notes += reader.notes
    return Plan(
        topics=topics,
        calibration=calibration,
        geometry=geometry,
        notes=notes,
        projection=projection_in_words(rectified=geometry.rectified),
        doubts=doubts,
    )


def _rivalry(topics: Topics, geometry: Geometry) -> list[str]:
    """Where two publishers disagree on what the points go through."""
    frames = [cloud.frame_id for cloud in topics.clouds if not cloud.is_depth]
    ways = [(topics.optical_frame, name) for name in frames if name not in geometry.extrinsics]
    if geometry.fixed_frame:
        ways.append((topics.optical_frame, geometry.fixed_frame))
    told = (words for way in ways for words in geometry.transforms.rivalry_between(*way))
    return list(dict.fromkeys(told))


def describe(plan: Plan) -> list[str]:
    """The plan as lines of text."""
    topics, geometry = plan.topics, plan.geometry
    moves_points = any(not cloud.is_depth for cloud in topics.clouds)
    motion = motion_in_words(geometry.fixed_frame, moves_points=moves_points)
    image = f"{topics.image.encoding}, frame '{topics.image.frame_id}'"
    lines = [
        f"image        {topics.image.name}  ({image}, {topics.image.count} messages)",
        f"calibration  {plan.calibration.source}, projecting with {plan.projection}",
    ]
    lines += [_described_measurements(cloud, plan) for cloud in topics.clouds]
    if not topics.clouds:
        lines.append("measurements none: only the images are read")
    lines.append(f"motion       {motion}")
    if topics.truth:
        lines.append(f"truth        {topics.truth.name}")
    lines += [f"note         {note}" for note in plan.notes]
    return [*lines, *map(described_doubt, plan.doubts)]


def described_doubt(doubt: str) -> str:
    """A line of the plan."""
    return f"warning      {doubt}"


def _described_measurements(topic: Topic, plan: Plan) -> str:
    if topic.is_depth:
        return (
            f"depth        {topic.name}  ({topic.encoding}, taken as registered to the camera, "
            f"{topic.count} messages)"
        )
    frame = topic.frame_id
    if frame in plan.geometry.extrinsics:
        place = f"frame '{frame}' through extrinsics file"
    elif frame == plan.topics.optical_frame:
        place = f"in the camera's own frame '{frame}'"
    else:
        place = f"frame '{frame}' through TF"
    return f"points       {topic.name}  ({place}, {topic.count} messages)"


def _check_place(
    reader: BagReader,
    optical_frame: str,
    cloud: Topic,
    geometry: Geometry,
    calibration: Calibration,
) -> None:
    """Whether extrinsics, TF or the cloud's own form say where it was measured."""
    frame, info = cloud.frame_id, calibration.info
    if frame in geometry.extrinsics:
        return
    message = reader.first(cloud.connections)
    try:
        if message is not None:
            check_place_is_said(
                geometry,
                frame,
                optical_frame,
                cloud_size=size_of(message),
                image_size=(int(info.height), int(info.width)),
            )
        geometry.transforms.require_connection(optical_frame, frame)
    except TransformError as error:
        raise BagError(
            f"{cloud.name}: {error}. A file for --extrinsics looks like this:\n"
            "optical_frame_from:\n"
            f"  {frame or repr(frame)}: "
            "{translation: [x, y, z], quaternion_xyzw: [x, y, z, w]}"
        ) from error


def _is_rectified(topics: Topics, wish: Rectified) -> bool:
    return wish == "yes" or (wish == "auto" and looks_rectified(topics.image.name))
