# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A frame of a set before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.sweep_accumulator import SweepWindow


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SetFrame:
    """What was recorded of a frame.

    Attributes:
        number: which one of those that were chosen, from 0.
        name: of its files.
        frame: image, camera and measurements, not yet on pixels.
        gap_ns: time between image and measurement.
        truth: true depth, or the sweeps that make it; None where there is none.
        world_from_camera: its pose; None where it is not known.
        pixels: for each density the (N, 2) row and column at which the truth counts as measured,
            the most wanted first; None where the measurements count.
    """

    number: int
    name: str
    frame: Frame
    gap_ns: int
    truth: SparseDepth | SweepWindow | None
    world_from_camera: RigidTransform | None
    pixels: Mapping[int, npt.NDArray[np.int64]] | None = None

    def true_depth(self) -> SparseDepth | None:
        """The true depth on the pixels of the image; of sweeps it takes a while."""
        if not isinstance(self.truth, SweepWindow):
            return self.truth
        if self.frame.camera is None or self.world_from_camera is None:
            return None
        return self.truth.truth(self.frame.camera, self.world_from_camera)
