# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the sensors are, and how their topics and frames tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from depth_completion_core.config import SweepStamp
from depth_completion_core.geometry.transform_buffer import TransformBuffer
from depth_completion_core.geometry.transforms import RigidTransform

_WORLD_FRAMES = ("odom", "map", "world", "earth")


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """What is known of where the sensors are.

    Attributes:
        transforms: the TF tree.
        extrinsics: optical frame from the frame of a cloud, given by hand; overrides TF.
        fixed_frame: the frame held still between image and cloud; empty for no compensation.
        rectified: whether the image is rectified, so that P counts instead of K and D.
        sweep_stamp: which end of the sweep the stamps of the clouds mean.
    """

    transforms: TransformBuffer
    extrinsics: Mapping[str, RigidTransform]
    fixed_frame: str
    rectified: bool
    sweep_stamp: SweepStamp


def fixed_frame_above(transforms: TransformBuffer, optical_frame: str) -> str:
    """A frame that stands still in the world while the camera moves; empty where there is none.

    One of the usual names (odom, map, world) above the camera, where something moves in between;
    a pan-tilt head that moves on a fixed base is not such a frame.
    """
    for name in _WORLD_FRAMES:
        if name in transforms.frames and transforms.connects(name, optical_frame):
            return "" if transforms.is_static_between(name, optical_frame) else name
    return ""


def looks_rectified(image_topic: str) -> bool:
    """Guess from the topic's name: image_rect, image_rect_color, .../rectified."""
    return "rect" in image_topic.lower()
