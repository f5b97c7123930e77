# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the depth images of a stream are in metres, as REP 118 asks of 32FC1."""

from __future__ import annotations

import numpy as np

from depth_completion_core.frame import SparseDepth

_FARTHEST_MEDIAN = 200.0  # metres, and no camera sees as far
_LOOKS = 5


class DepthUnit:
    """Looks at the first depth images that hold any depth.

    Attributes:
        note: the doubt, without a full stop; "" where there is none.
    """

    def __init__(self) -> None:
        self.note = ""
        self._looks = 0

    def add(self, sparse: SparseDepth) -> None:
        """Look at a depth image, as decoded: whole numbers, most of them large, are millimetres."""
        if self._looks == _LOOKS or not sparse.count:
            return
        self._looks += 1
        depth = sparse.depth[sparse.valid]
        middle = float(np.median(depth))
        if middle > _FARTHEST_MEDIAN and not np.any(depth % 1):
            self.note = (
                f"half of the depth is more than {middle:g} m away, in whole numbers. Is it in "
                "millimetres? 32FC1 holds metres (REP 118); millimetres are published as 16UC1"
            )
