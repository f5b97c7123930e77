# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a camera moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.layers.camera_roll import CameraRoll
from depth_completion_core.data.layers.layer import FixedLayer
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.transforms import RigidTransform

_MIRROR = np.diag([-1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class PoseLayer(FixedLayer):
    """The motion between two cameras that are changed alike.

    Attributes:
        value: takes points of one optical frame to the other.
    """

    value: RigidTransform

    def mirrored(self) -> PoseLayer:
        """See the base class; a mirrored rotation is a rotation: the two mirrors cancel."""
        return self._in_axes(_MIRROR)

    def rolled(self, roll: CameraRoll) -> PoseLayer:
        """See the base class."""
        return self._in_axes(roll.new_from_old)

    def nearer(self, factor: float) -> PoseLayer:
        """The way over the factor."""
        return PoseLayer(RigidTransform(self.value.rotation, self.value.translation / factor))

    @property
    def array(self) -> Float32Array:
        """(4, 4) float32."""
        return self.value.matrix.astype(np.float32)

    def _in_axes(self, new_from_old: npt.NDArray[np.float64]) -> PoseLayer:
        """After both cameras got the same new axes (3, 3), orthonormal, maybe mirrored."""
        return PoseLayer(
            RigidTransform(
                new_from_old @ self.value.rotation @ new_from_old.T,
                new_from_old @ self.value.translation,
            )
        )
