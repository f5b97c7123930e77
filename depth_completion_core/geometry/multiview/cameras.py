# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a camera must say of itself for its images to be compared, and the pinhole's answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from depth_completion_core.geometry.multiview.conventions import OURS, WarpConvention


class Projection(NamedTuple):
    """Where points fall in an image.

    Attributes:
        pixels: (B, 2, H, W) u and v; integers are pixel centres.
        depth: (B, 1, H, W) metres along Z; not positive behind the camera.
    """

    pixels: Tensor
    depth: Tensor


class ViewCamera(Protocol):
    """The cameras of a batch, one per image.

    Points keep the grid of the pixels that they come from, (B, 3, H, W), so that a camera may look
    for their pixels near their own, as one that is given by rays does.
    """

    def unproject(self, depth: Tensor) -> Tensor:
        """Points (B, 3, H, W) metres in the optical frames, of depth (B, 1, H, W) metres."""

    def project(self, points: Tensor) -> Projection:
        """Pixels of points (B, 3, H, W) metres in the optical frames."""


@dataclass(frozen=True, slots=True)
class PinholeCamera:
    """Cameras without lens distortion; depth is along Z.

    Attributes:
        K: (B, 3, 3) intrinsic matrices, pixels; their skew is taken as 0.
        convention: how small depths are divided by, and what scaling does.
    """

    K: Tensor
    convention: WarpConvention = OURS

    def __post_init__(self) -> None:
        if self.K.ndim != 3 or self.K.shape[1:] != (3, 3):
            raise ValueError(
                f"intrinsic matrices have shape {tuple(self.K.shape)}, expected (B, 3, 3), one for "
                "each image of the batch"
            )

    def unproject(self, depth: Tensor) -> Tensor:
        """Points (B, 3, H, W) metres in the optical frames, of depth (B, 1, H, W) metres."""
        fx, fy, cx, cy = self._numbers()
        height, width = depth.shape[2:]
        u = torch.arange(width, dtype=depth.dtype, device=depth.device)
        v = torch.arange(height, dtype=depth.dtype, device=depth.device)[:, None]
        return torch.cat([(u - cx) / fx * depth, (v - cy) / fy * depth, depth], dim=1)

    def project(self, points: Tensor) -> Projection:
        """Pixels of points (B, 3, H, W) metres in the optical frames."""
        fx, fy, cx, cy = self._numbers()
        x, y, z = points[:, :1], points[:, 1:2], points[:, 2:]
        divisor = z
        if self.convention.nearest_z > -torch.inf:
            divisor = divisor.clamp(min=self.convention.nearest_z)
        if self.convention.added_z:
            divisor = divisor + self.convention.added_z
        return Projection(torch.cat([x / divisor * fx + cx, y / divisor * fy + cy], dim=1), z)

    def scaled(self, factor: float) -> PinholeCamera:
        """The cameras of images resized by one factor, as the convention has it."""
        shift = 0.5 if self.convention.half_pixel else 0.0
        K = self.K.clone()
        K[:, :2, :2] *= factor
        K[:, :2, 2] = (K[:, :2, 2] + shift) * factor - shift
        return PinholeCamera(K, self.convention)

    def _numbers(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """fx, fy, cx, cy, each (B, 1, 1, 1)."""
        K = self.K[..., None, None, None]
        return K[:, 0, 0], K[:, 1, 1], K[:, 0, 2], K[:, 1, 2]
