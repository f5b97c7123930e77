# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The measurements of a frame on its pixels."""

from __future__ import annotations

import numpy as np
import torch

from depth_completion_core.config import ProjectionConfig
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.occlusion import filter_occluded
from depth_completion_core.geometry.projection import project_points


@torch.inference_mode()
def measured_depth(
    frame: Frame, settings: ProjectionConfig, device: torch.device | str = "cpu"
) -> SparseDepth:
    """Points projected and z-buffered, hidden ones removed; or the sparse depth that there is.

    Args:
        frame: with points, sparse depth or neither.
        settings: the depths that count, and what hides a point.
        device: where the points are projected.
    """
    if frame.sparse is not None:
        return frame.sparse
    if frame.points is None or frame.camera is None or frame.camera_from_points is None:
        return SparseDepth(
            np.zeros(frame.size, dtype=np.float32), np.zeros(frame.size, dtype=np.bool_)
        )
    depth, valid = project_points(
        _tensor(frame.points).to(device),
        frame.camera,
        frame.camera_from_points,
        min_depth=settings.min_depth,
        max_depth=settings.max_depth,
    )
    seen = filter_occluded(depth, valid, settings.occlusion)
    return SparseDepth(torch.where(seen, depth, 0.0).cpu().numpy(), seen.cpu().numpy())


def _tensor(points: Float32Array) -> torch.Tensor:
    """Without a copy where torch allows it: it refuses read-only memory, as bags hand out."""
    tight = np.ascontiguousarray(points, dtype=np.float32)
    return torch.from_numpy(tight if tight.flags.writeable else tight.copy())
