# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Extrinsics given by hand, for robots without TF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from depth_completion_core.geometry.transforms import RigidTransform

_NOT_THIS_FORM = (
    *(AttributeError, KeyError, TypeError, ValueError),
    *(OverflowError, RecursionError, yaml.YAMLError),
)


class ExtrinsicsError(ValueError):
    """A file of extrinsics that cannot be read; the message shows what one looks like."""


def read_extrinsics(path: Path) -> dict[str, RigidTransform]:
    """Optical frame from the frame of each cloud, from a YAML file, by the frame of the cloud.

    ::

        optical_frame_from:
          velodyne: {translation: [0.1, -0.2, 0.0], quaternion_xyzw: [0.5, -0.5, 0.5, -0.5]}
          livox: {matrix: [[...], [...], [...], [0, 0, 0, 1]]}

    Raises:
        ExtrinsicsError: the file is not readable, or not of this form.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not content:
            raise ValueError("it is empty")
        if not isinstance(content, dict) or not content.get("optical_frame_from"):
            raise ValueError("there is nothing under 'optical_frame_from'")
        entries = content["optical_frame_from"].items()
        return {str(frame).lstrip("/"): _from_entry(entry) for frame, entry in entries}
    except OSError as error:
        raise ExtrinsicsError(
            f"cannot read the extrinsics file {path}: {error.strerror}"
        ) from error
    except _NOT_THIS_FORM as error:
        raise ExtrinsicsError(
            f"{path} is not a file of extrinsics ({error}); expected\n"
            "optical_frame_from:\n"
            "  FRAME_OF_THE_CLOUD: {translation: [x, y, z], quaternion_xyzw: [x, y, z, w]}\n"
            "or {matrix: [[...], [...], [...], [0, 0, 0, 1]]}: points of the cloud's frame to the "
            "camera's optical frame, in metres"
        ) from error


def _from_entry(entry: Any) -> RigidTransform:  # noqa: ANN401 - anything may stand in a YAML file
    if "matrix" in entry:
        return RigidTransform.from_matrix(entry["matrix"])
    return RigidTransform.from_quaternion(entry["quaternion_xyzw"], entry["translation"])
