# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Transforms of a bag, and of a file of extrinsics given by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from rosbags.interfaces import Connection

from depth_completion_core.transform_buffer import TransformBuffer
from depth_completion_core.transforms import RigidTransform
from rosbag_tools.errors import BagError
from rosbag_tools.messages import TF_MESSAGE, stamp_ns_of
from rosbag_tools.reader import BagReader

_TF_TYPES = (TF_MESSAGE, "tf/msg/tfMessage")
_TOLERANCE_NS = 200_000_000  # the first and last images of a bag lie outside its TF by a little
_WORLD_FRAMES = ("odom", "map", "world", "earth")


def tf_connections(reader: BagReader) -> list[Connection]:
    """The topics with transforms."""
    return reader.of_type(*_TF_TYPES)


def read_transforms(reader: BagReader) -> tuple[TransformBuffer, Counter[str]]:
    """All transforms of a bag, static and dynamic, and what had to be left out by reason."""
    buffer = TransformBuffer(extrapolation_tolerance_ns=_TOLERANCE_NS)
    refused: Counter[str] = Counter()
    for message in reader.messages(tf_connections(reader)):
        is_static = message.connection.topic.endswith("tf_static")
        for item in reader.decoded(message).transforms:
            parent, child = str(item.header.frame_id), str(item.child_frame_id)
            try:
                transform = _rigid(item.transform)
                if is_static:
                    buffer.set_static(parent, child, transform)
                else:
                    buffer.set_dynamic(parent, child, stamp_ns_of(item), transform)
            except ValueError as error:
                refused[f"transform '{parent}' -> '{child}': {error}"] += 1
    return buffer, refused


def fixed_frame_of(transforms: TransformBuffer, optical_frame: str) -> str:
    """A frame that stands still in the world while the camera moves; empty where there is none.

    One of the usual names (odom, map, world) above the camera, where something moves in between;
    a pan-tilt head that moves on a standing base is no such frame.
    """
    for name in _WORLD_FRAMES:
        if name in transforms.frames and transforms.connects(name, optical_frame):
            return "" if transforms.is_static_between(name, optical_frame) else name
    return ""


def read_extrinsics(path: Path) -> dict[str, RigidTransform]:
    """Extrinsics from a YAML file, by the frame of the cloud.

    ::

        optical_frame_from:
          velodyne: {translation: [0.1, -0.2, 0.0], quaternion_xyzw: [0.5, -0.5, 0.5, -0.5]}
          livox: {matrix: [[...], [...], [...], [0, 0, 0, 1]]}

    Raises:
        BagError: the file is not readable, or not of this form.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        entries = content["optical_frame_from"].items()
        return {str(frame).lstrip("/"): _from_entry(entry) for frame, entry in entries}
    except OSError as error:
        raise BagError(f"cannot read the extrinsics file {path}: {error.strerror}") from error
    except (KeyError, TypeError, AttributeError, ValueError, yaml.YAMLError) as error:
        raise BagError(
            f"{path} is no file of extrinsics ({error}); expected\n"
            "optical_frame_from:\n"
            "  FRAME_OF_THE_CLOUD: {translation: [x, y, z], quaternion_xyzw: [x, y, z, w]}\n"
            "or {matrix: [[...], [...], [...], [0, 0, 0, 1]]}: points of the cloud's frame to the "
            "camera's optical frame, in metres"
        ) from error


def _from_entry(entry: Any) -> RigidTransform:  # noqa: ANN401 - anything may stand in a YAML file
    if "matrix" in entry:
        return RigidTransform.from_matrix(entry["matrix"])
    return RigidTransform.from_quaternion(entry["quaternion_xyzw"], entry["translation"])


def _rigid(transform: Any) -> RigidTransform:  # noqa: ANN401 - geometry_msgs/Transform
    rotation, translation = transform.rotation, transform.translation
    return RigidTransform.from_quaternion(
        (rotation.x, rotation.y, rotation.z, rotation.w),
        (translation.x, translation.y, translation.z),
    )
