# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A class of each pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.layers.layer import PixelLayer
from depth_completion_core.geometry.arrays import BoolArray

Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LabelLayer(PixelLayer):
    """Numbers of classes; no change makes one that was not there, but ``unknown``.

    Attributes:
        value: (H, W) int64.
        unknown: the number of pixels without a class, which losses leave out.
    """

    value: Int64Array
    unknown: int = -1

    @property
    def size(self) -> tuple[int, int]:
        """See the base class."""
        height, width = self.value.shape
        return height, width

    def taken(self, rows: Any, columns: Any) -> LabelLayer:  # noqa: ANN401 - NumPy's indices
        """See the base class."""
        return replace(self, value=np.ascontiguousarray(self.value[rows, columns]))

    def where(self, mask: BoolArray) -> LabelLayer:
        """See the base class."""
        return replace(self, value=np.where(mask, self.value, self.unknown))

    @property
    def array(self) -> Int64Array:
        """(H, W) int64, as torch's cross entropy takes it."""
        return self.value
