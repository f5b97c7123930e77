# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Odometry of a bag, or of a file beside it, hung into the bag's tree of transforms."""

from __future__ import annotations

from pathlib import Path

from rosbags.interfaces import Connection

from depth_completion_core.codecs.odometry import ODOMETRY_TYPES, decode_odometry
from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.files.trajectory_files import read_trajectory
from depth_completion_core.geometry.odometry import StampedPose, fixed_frame_of, hang
from depth_completion_core.geometry.transform_buffer import TransformBuffer, TransformError
from depth_completion_core.sensing.drop_counts import DropCounts
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader
from rosbag_tools.topics import Topic


def odometry_topics(reader: BagReader) -> list[str]:
    """Topics with odometry or poses, sorted."""
    return sorted({connection.topic for connection in _connections(reader)})


def hang_odometry(
    reader: BagReader, source: str, frame: str, transforms: TransformBuffer, image: Topic
) -> tuple[str, list[str]]:
    """Add the motion that odometry tells.

    Args:
        reader: of the bag.
        source: a topic of the bag, or a trajectory file.
        frame: of the robot, that moves so; empty for the one that the messages name.
        transforms: are added to.
        image: whose time the odometry must cover.

    Returns:
        The fixed frame, and notes on what was read.

    Raises:
        BagError: there is no such topic or file, it does not say what moves, or it is of another
            time.
    """
    left_out = DropCounts()
    poses = _poses(reader, source, frame, left_out)
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
    return fixed, [told, *left_out.lines]


def _poses(reader: BagReader, source: str, frame: str, left_out: DropCounts) -> list[StampedPose]:
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
    poses = []
    for message in reader.messages(connections):
        try:
            poses.append(decode_odometry(reader.decoded(message), frame))
        except (BagError, ValueError) as error:
            left_out.add(f"{source}: cannot be used", str(error))
    return poses


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
