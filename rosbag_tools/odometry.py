# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Odometry of a bag, or of a file beside it, hung into the bag's tree of transforms."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from rosbags.interfaces import Connection

from depth_completion_core.codecs.odometry import ODOMETRY_TYPES, decode_odometry
from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.files.trajectory_files import read_trajectory
from depth_completion_core.geometry.odometry import StampedPose, fixed_frame_of, hang
from depth_completion_core.geometry.trajectory_doubts import Trajectory, checked_trajectory
from depth_completion_core.geometry.transform_buffer import TransformBuffer, TransformError
from depth_completion_core.sensing.drop_counts import DropCounts
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader
from rosbag_tools.topics import Topic


class HungOdometry(NamedTuple):
    """What odometry holds still, and what is to be said of it: notes, and doubts about it."""

    fixed_frame: str
    notes: list[str]
    doubts: list[str]


def odometry_topics(reader: BagReader) -> list[str]:
    """Topics with odometry or poses, sorted."""
    return sorted({connection.topic for connection in _connections(reader)})


def hang_odometry(
    reader: BagReader, source: str, frame: str, transforms: TransformBuffer, image: Topic
) -> HungOdometry:
    """Add the motion that odometry tells.

    Args:
        reader: of the bag.
        source: a topic of the bag, or a trajectory file.
        frame: of the robot, that moves so; empty for the one that the messages name.
        transforms: are added to.
        image: whose time the odometry must cover.

    Raises:
        BagError: there is no such topic or file, it does not say what moves, nothing can have
            moved so, or it is of another time.
    """
    left_out = DropCounts()
    poses, mended, doubts = _trajectory(reader, source, frame, left_out)
    if not poses:
        raise BagError("; ".join([f"--odometry {source} holds no usable pose", *left_out.lines]))
    moving = poses[0].moving_frame
    if not moving:
        raise BagError(
            f"--odometry {source} does not say which frame of the robot moves so: name it with "
            f"--odometry-frame. Frames of TF: {', '.join(transforms.frames) or 'none'}"
        )
    _check_time(reader, source, poses, image)
    fixed = fixed_frame_of(poses[0], transforms)
    for pose in poses:
        if pose[1:3] != poses[0][1:3]:
            left_out.add(f"{source}: moves other frames", f"'{pose.moving_frame}', not '{moving}'")
            continue
        try:
            hang(transforms, pose, fixed)
        except TransformError as error:
            left_out.add(f"{source}: TF does not reach its time", str(error))
    told = f"'{moving}' moves against '{fixed}' as {source} says ({len(poses)} poses)"
    mended = [f"{source}: {note}" for note in mended]
    doubts = [f"{source}: {doubt}" for doubt in doubts]
    return HungOdometry(fixed, [told, *mended, *left_out.lines], doubts)


def _trajectory(reader: BagReader, source: str, frame: str, left_out: DropCounts) -> Trajectory:
    connections = [
        item for item in _connections(reader) if item.topic.strip("/") == source.strip("/")
    ]
    if not connections:
        if Path(source).is_file():
            return read_trajectory(Path(source), frame)
        listed = ", ".join(odometry_topics(reader)) or "none"
        raise BagError(
            f"--odometry {source} is neither a file nor a topic with odometry. "
            f"Topics of {', '.join(ODOMETRY_TYPES.values())}: {listed}"
        )
    poses = _poses(reader, connections, frame, source, left_out)
    try:
        return checked_trajectory(poses)
    except ValueError as error:
        raise BagError(f"--odometry {source}: {error}") from error


def _poses(
    reader: BagReader,
    connections: list[Connection],
    frame: str,
    source: str,
    left_out: DropCounts,
) -> list[StampedPose]:
    """Of all messages; what a path says last of an instant counts, as after a loop was closed."""
    poses: list[StampedPose] = []
    last_path = None
    for message in reader.messages(connections):
        try:
            decoded = reader.decoded(message)
            last_path = decoded if hasattr(decoded, "poses") else None
            after_ns = poses[-1].stamp_ns if last_path and poses else -1
            poses += decode_odometry(decoded, frame, after_ns)
        except (BagError, ValueError) as error:
            left_out.add(f"{source}: cannot be used", str(error))
    if last_path is None:
        return poses
    latest = {pose.stamp_ns: pose for pose in poses}
    with suppress(ValueError):  # counted above
        latest |= {pose.stamp_ns: pose for pose in decode_odometry(last_path, frame)}
    return list(latest.values())


def _connections(reader: BagReader) -> list[Connection]:
    return reader.of_type(*ODOMETRY_TYPES.values())


def _check_time(reader: BagReader, source: str, poses: list[StampedPose], image: Topic) -> None:
    first = reader.first(image.connections)
    if first is None:
        return
    start_ns = stamp_ns_of(first)
    stamps_ns = [pose.stamp_ns for pose in poses]
    if max(stamps_ns) < start_ns or min(stamps_ns) > start_ns + reader.duration_ns:
        raise BagError(
            f"--odometry {source} is of {min(stamps_ns) / 1e9:.3f} s to {max(stamps_ns) / 1e9:.3f} "
            f"s, but {image.name} begins at {start_ns / 1e9:.3f} s: it is of another drive, or its "
            "clock is another one"
        )
