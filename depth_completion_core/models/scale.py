# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The scale of a scene, as its measurements tell it."""

from __future__ import annotations

import torch
from torch import Tensor

_LEAST = 1e-3


def scene_scale(sparse_depth: Tensor) -> Tensor:
    """Geometric mean of the measurements of each image, which few wrong ones hardly move.

    Args:
        sparse_depth: (B, 1, H, W) metres, 0 where nothing was measured.

    Returns:
        (B, 1, 1, 1) metres; 1 without a measurement.
    """
    measured = sparse_depth > 0
    logarithm = torch.where(measured, sparse_depth.clamp(min=_LEAST), 1.0).log()
    count = measured.sum(dim=(1, 2, 3), keepdim=True).clamp(min=1)
    return (logarithm.sum(dim=(1, 2, 3), keepdim=True) / count).exp()
