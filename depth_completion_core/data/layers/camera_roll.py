# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera that is turned about its optical axis: which pixel shows what another one showed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import BoolArray
from depth_completion_core.geometry.camera import CameraModel

Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CameraRoll:
    """The picture turned counter-clockwise; depth along the axis and intrinsics stay.

    Pixels are moved along their rays, with whatever distortion the lens has.

    Attributes:
        camera: that is turned.
        new_from_old: (3, 3) rotation from the optical frame before to that after.
        source: (H, W, 2) x and y of the old pixel that each new one shows; (-2, -2) for none.
        seen: (H, W) bool, whether there is one.
    """

    camera: CameraModel
    new_from_old: Float64Array
    source: Float64Array
    seen: BoolArray

    @classmethod
    def of(cls, camera: CameraModel, angle_deg: float) -> CameraRoll:
        """By an angle, degrees."""
        cosine, sine = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
        new_from_old = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
        rays, has_ray = camera.rays()
        # Rays are rows, so this is the rotation's inverse.
        source, seen = camera.project(rays.astype(np.float64) @ new_from_old)
        source = np.where(seen[..., None], source, -2.0)
        return cls(camera, new_from_old, source, seen & has_ray)

    @property
    def nearest(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """(H, W) rows and columns of the old pixels nearest to ``source``; any where not seen."""
        column = np.rint(self.source[..., 0]).astype(np.int64).clip(0, self.camera.width - 1)
        row = np.rint(self.source[..., 1]).astype(np.int64).clip(0, self.camera.height - 1)
        return row, column

    def moved(self, pixels: Float64Array) -> tuple[Float64Array, BoolArray]:
        """Where old pixels (..., 2) x and y are seen after the turn, and whether (...) they are."""
        rays, has_ray = self.camera.unproject(pixels)
        moved, lands = self.camera.project(rays.astype(np.float64) @ self.new_from_old.T)
        return moved, lands & has_ray
