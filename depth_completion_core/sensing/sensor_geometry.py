# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the sensors are, and how their topics and frames tell it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from depth_completion_core.config import SweepStamp
from depth_completion_core.geometry.transform_buffer import TransformBuffer, TransformError
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.stream_habits import StreamHabits

_WORLD_FRAMES = ("odom", "odom_combined", "camera_init", "map", "world", "earth")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_RECTIFIED = ("rect", "rectified")
_DENIALS = ("not", "non", "no", "un")
_RAW = ("raw", "unrect", "unrectified", "distorted")
_RAW_IN_IMAGE_PROC = ("image_color", "image_mono")


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """What is known of where the sensors are.

    Attributes:
        transforms: the TF tree.
        extrinsics: optical frame from the frame of a cloud, given by hand; overrides TF.
        fixed_frame: the frame held still between image and cloud; empty for no compensation.
        rectified: whether the image is rectified, so that P counts instead of K and D.
        sweep_stamp: which end of the sweep the stamps of the clouds mean.
        points_in_camera_frame: whether clouds that carry the image's frame id are believed to be in
            its optical frame, whatever their form.
        habits: what is learned of the streams as their messages are decoded.
    """

    transforms: TransformBuffer
    extrinsics: Mapping[str, RigidTransform]
    fixed_frame: str
    rectified: bool
    sweep_stamp: SweepStamp
    points_in_camera_frame: bool = False
    habits: StreamHabits = field(default_factory=StreamHabits)


def fixed_frame_above(
    transforms: TransformBuffer, optical_frame: str, placed_by_hand: Collection[str] = ()
) -> str:
    """A frame that stands still in the world while the camera moves; empty where there is none.

    One of the usual names (odom, map, world), perhaps behind a robot's own (robot1/odom), where
    something moves in between; a pan-tilt head that moves on a fixed base is not such a frame.

    Args:
        transforms: the TF tree.
        optical_frame: of the camera.
        placed_by_hand: the frames of all clouds, where extrinsics are known of each of them: they
            move with the camera, so that they may stand for one that is not in TF.
    """
    for bodies in ([optical_frame], list(placed_by_hand)):
        frames = _world_frames(transforms, bodies) if bodies else []
        if frames:
            standing = all(transforms.is_static_between(frames[0], body) for body in bodies)
            return "" if standing else frames[0]
    return ""


def moving_frames_above(transforms: TransformBuffer, optical_frame: str) -> list[str]:
    """The frames above the camera that it moves against, whatever their names, nearest first."""
    try:
        above = transforms.above(optical_frame)
    except TransformError:  # a loop, which look-ups name
        return []
    return [frame for frame in above if not transforms.is_still_between(frame, optical_frame)]


def _world_frames(transforms: TransformBuffer, bodies: Sequence[str]) -> list[str]:
    """Frames of the usual names that hang together with all bodies, the best one first."""
    connected = [
        frame
        for frame in transforms.frames
        if _last_part(frame) in _WORLD_FRAMES
        and all(transforms.connects(frame, body) for body in bodies)
    ]
    # Another robot's odom may be connected, too; one's own is above.
    above = set(transforms.above(bodies[0])) if connected else set()
    return sorted(
        connected,
        key=lambda frame: (frame not in above, _WORLD_FRAMES.index(_last_part(frame)), frame),
    )


def _last_part(frame: str) -> str:
    return frame.rpartition("/")[2].lower()


def motion_in_words(fixed_frame: str, *, moves_points: bool = True) -> str:
    """Whether the motion between measurement and image is undone, and through what.

    Args:
        fixed_frame: the frame held still; empty for none.
        moves_points: whether points are measured, as opposed to depth images or nothing.
    """
    if not moves_points:
        return "not undone: only point clouds can be moved to the instant of the image"
    if fixed_frame:
        return f"undone through the fixed frame '{fixed_frame}'"
    return "not undone: no fixed frame (odom, map, world) moves against the camera"


def looks_rectified(image_topic: str) -> bool:
    """Guess from the words in the topic's name: image_rect, image_rect_color, .../rectified.

    Only whole words count, so that image_unrectified and /front_direct/image_raw are raw, and a
    word of denial before them turns them round: not_rectified.
    """
    words = ["", *(word.lower() for word in _WORD.findall(image_topic))]
    return any(word in _RECTIFIED and before not in _DENIALS for before, word in pairwise(words))


def says_whether_rectified(image_topic: str) -> bool:
    """Whether the topic's name says that its images are rectified, or that they are raw.

    ``image_color`` and ``image_mono`` are what image_proc calls raw images.
    """
    words = [word.lower() for word in _WORD.findall(image_topic)]
    is_raw = any(word in _RAW for word in words)
    of_image_proc = any(part in _RAW_IN_IMAGE_PROC for part in image_topic.lower().split("/"))
    return is_raw or of_image_proc or any(word in _RECTIFIED for word in words)
