# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth as a network can learn it with few samples: as a correction of an interpolation."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from depth_completion_core.models.layers.anchoring import interpolated, scene_scale
from depth_completion_core.models.layers.decoders import factor_of

_LEAST_FACTOR, _GREATEST_FACTOR = 0.05, 20.0


class RelativeDepth(NamedTuple):
    """What a network sees of the measurements, and what it corrects.

    Attributes:
        seen: (B, 2, H, W), the measurements and their interpolation in multiples of the
            measurements' geometric mean.
        base: (B, 1, H, W) metres, the interpolation.
    """

    seen: Tensor
    base: Tensor

    def corrected(self, output: Tensor) -> Tensor:
        """(B, 1, H, W) of any sign to metres: an output of 0 leaves the interpolation."""
        with torch.autocast(output.device.type, enabled=False):
            return self.base * factor_of(output.float(), _LEAST_FACTOR, _GREATEST_FACTOR)


def relative_depth(sparse_depth: Tensor) -> RelativeDepth:
    """From (B, 1, H, W) metres, 0 where nothing was measured."""
    base = interpolated(sparse_depth)
    return RelativeDepth(torch.cat([sparse_depth, base], dim=1) / scene_scale(sparse_depth), base)
