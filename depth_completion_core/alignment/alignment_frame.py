# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an alignment is estimated from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import Float32Array, UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.frame_builder import SweepAsMeasured


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AlignmentFrame:
    """One image and one sweep of about the same time.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        camera: its intrinsics.
        points: (N, 3) float32 metres, finite, in the frame of the lidar, as measured.
        camera_from_points: the optical frame at the image's instant, from the lidar as many
            nanoseconds after the stamp of the sweep as are given. It carries the motion of the rig
            (TF, odometry), and raises TransformError where that is not known. Where no motion is
            known at all, it gives one and the same transform.
        time_offset_ns: (N,) int64, instant of each point after the stamp of the sweep; None where
            the points count as measured at once.
    """

    image: UInt8Array
    camera: CameraModel
    points: Float32Array
    camera_from_points: Callable[[int], RigidTransform]
    time_offset_ns: npt.NDArray[np.int64] | None = None

    @classmethod
    def of(cls, measured: SweepAsMeasured) -> AlignmentFrame:
        """From a decoded pair; raises ValueError where image and calibration do not fit."""
        return cls(
            image=measured.image,
            camera=measured.camera,
            points=measured.cloud.xyz,
            camera_from_points=measured.camera_from_points,
            time_offset_ns=measured.cloud.time_offset_ns,
        )

    def __post_init__(self) -> None:
        expected = (self.camera.height, self.camera.width, 3)
        if self.image.shape != expected or self.image.dtype != np.uint8:
            raise ValueError(
                f"expected an image of {expected} uint8, as its camera has it, got "
                f"{self.image.shape} of {self.image.dtype}"
            )
        if self.points.ndim != 2 or self.points.shape[1] != 3:
            raise ValueError(f"expected points of shape (N, 3), got {self.points.shape}")
        times = self.time_offset_ns
        if times is not None and times.shape != self.points.shape[:1]:
            raise ValueError(f"{len(self.points)} points came with times of shape {times.shape}")
