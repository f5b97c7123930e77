# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A frame of a set before it is written."""

from __future__ import annotations

from dataclasses import dataclass

from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.geometry.transforms import RigidTransform


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SetFrame:
    """What was recorded of a frame.

    Attributes:
        number: which one of those that were chosen, from 0.
        name: of its files.
        frame: image, camera and measurements, not yet on pixels.
        gap_ns: time between image and measurement.
        truth: true depth; None where there is none.
        world_from_camera: its pose; None where it is not known.
    """

    number: int
    name: str
    frame: Frame
    gap_ns: int
    truth: SparseDepth | None
    world_from_camera: RigidTransform | None
