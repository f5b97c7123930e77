# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is held still between a bag's images and clouds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from depth_completion_core.geometry.transform_buffer import TransformBuffer, TransformError
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.sensor_geometry import fixed_frame_above, moving_frames_above
from rosbag_tools.errors import BagError
from rosbag_tools.odometry import hang_odometry, odometry_topics
from rosbag_tools.reader import BagReader
from rosbag_tools.topics import Topics
from rosbag_tools.wishes import PlanWishes


class FixedFrame(NamedTuple):
    """The frame, empty for none, and what is to be said of it: notes, and doubts about it."""

    name: str
    notes: list[str]
    doubts: list[str]


def find_fixed_frame(
    reader: BagReader,
    transforms: TransformBuffer,
    topics: Topics,
    extrinsics: Mapping[str, RigidTransform],
    wishes: PlanWishes,
) -> FixedFrame:
    """The fixed frame that was asked for, or the usual one; odometry is hung into the transforms.

    Raises:
        BagError: the odometry cannot be used, or the frame does not hang together with the camera.
    """
    frames = [cloud.frame_id for cloud in topics.clouds if not cloud.is_depth]
    placed_by_hand = frames if all(frame in extrinsics for frame in frames) else []
    wish, optical_frame = wishes.fixed_frame, topics.optical_frame
    notes, doubts = list[str](), list[str]()
    if wishes.odometry:
        fixed, notes, doubts = hang_odometry(
            reader, wishes.odometry, wishes.odometry_frame, transforms, topics.image
        )
        wish = fixed if wish == "auto" else wish
    elif wishes.odometry_frame:
        raise BagError("--odometry-frame says what --odometry moves: give that one too")
    if wish == "auto":
        found = fixed_frame_above(transforms, optical_frame, placed_by_hand)
        offers = _offers(reader, transforms, optical_frame) if frames and not found else []
        return FixedFrame(found, offers, [])
    if wish != "none":
        _check_connected(transforms, wish, optical_frame, placed_by_hand)
    return FixedFrame("" if wish == "none" else wish, notes, doubts)


def _check_connected(
    transforms: TransformBuffer, fixed: str, optical_frame: str, placed_by_hand: Collection[str]
) -> None:
    if placed_by_hand and all(transforms.connects(frame, fixed) for frame in placed_by_hand):
        return
    try:
        transforms.require_connection(optical_frame, fixed)
    except TransformError as error:
        raise BagError(
            f"the fixed frame '{fixed}' does not hang together with the camera: {error}. "
            "--fixed-frame names another one, --odometry-frame what odometry moves"
        ) from error


def _offers(reader: BagReader, transforms: TransformBuffer, optical_frame: str) -> list[str]:
    """What could stand in for the fixed frame that was not found."""
    offers = []
    frames = moving_frames_above(transforms, optical_frame)
    if frames:
        offers.append(
            f"the camera moves against {', '.join(frames)}: if one stands still in the world, "
            "--fixed-frame undoes the motion through it"
        )
    topics = odometry_topics(reader)
    if topics:
        offers.append(f"the bag holds {', '.join(topics)}: --odometry undoes the motion with it")
    return offers
