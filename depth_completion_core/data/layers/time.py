# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When something was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from depth_completion_core.data.layers.layer import FixedLayer
from depth_completion_core.geometry.arrays import Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class TimeLayer(FixedLayer):
    """A time, which no change of pixels or metres touches.

    Attributes:
        value: seconds.
    """

    value: float

    @property
    def array(self) -> Float32Array:
        """() float32 seconds."""
        return np.array(self.value, dtype=np.float32)
