# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera that is given by rays fits where a pinhole does."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from depth_completion_core.geometry.multiview.cameras import (
    PinholeCamera,
    Projection,
    ViewCamera,
)
from depth_completion_core.geometry.multiview.pose_vectors import matrix_from_rotation_vector
from depth_completion_core.geometry.multiview.warping import Warped, warp
from tests.golden.filling import numbers

_HEIGHT, _WIDTH = 12, 16
_SHARPNESS = 5e2


@dataclass(frozen=True)
class RayCamera:
    """Pixels are where the rays point most nearly to a point, as in Neural Ray Surfaces.

    Attributes:
        rays: (B, 3, H, W) of unit length.
    """

    rays: Tensor

    def unproject(self, depth: Tensor) -> Tensor:
        """Depth is along rays."""
        return self.rays * depth

    def project(self, points: Tensor) -> Projection:
        """The mean place of all rays, weighted by a softmax of their cosines."""
        rays, cloud = self.rays.flatten(2), points.flatten(2)
        distance = cloud.norm(dim=1, keepdim=True)
        weights = (_SHARPNESS * (cloud / distance).mT @ rays).softmax(dim=2)
        height, width = points.shape[2:]
        row, column = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        places = torch.stack([column, row]).flatten(1).T.to(points.dtype)
        pixels = (weights @ places).mT.reshape(len(points), 2, height, width)
        return Projection(pixels, distance.view(len(points), 1, height, width))


def _warped(camera: ViewCamera, depth: Tensor) -> Warped:
    motion = matrix_from_rotation_vector(
        rotation=torch.tensor([[0.02, -0.03, 0.05]]), translation=torch.tensor([[0.1, 0.05, 0.1]])
    )
    view = numbers(140, (1, 3, _HEIGHT, _WIDTH)).double()
    return warp(view, camera.unproject(depth), motion.double(), camera)


def test_rays_of_a_pinhole_warp_as_the_pinhole_does() -> None:
    K = torch.tensor([[[14.0, 0, 7.3], [0, 15, 5.4], [0, 0, 1]]], dtype=torch.float64)
    pinhole = PinholeCamera(K)
    depth = 2 + 2 * numbers(141, (1, 1, _HEIGHT, _WIDTH)).double()
    lengths = pinhole.unproject(torch.ones_like(depth)).norm(dim=1, keepdim=True)
    rays = RayCamera(pinhole.unproject(torch.ones_like(depth)) / lengths)
    expected, found = _warped(pinhole, depth), _warped(rays, depth * lengths)
    inner = (slice(None), slice(None), slice(2, -2), slice(2, -2))
    assert (found.pixels - expected.pixels)[inner].abs().max() < 0.15
    assert (found.image - expected.image)[inner].abs().max() < 0.2
    assert (found.image - expected.image)[inner].abs().mean() < 0.03


def test_what_is_seen_through_rays_moves_the_depth() -> None:
    depth = (2 + 2 * numbers(141, (1, 1, _HEIGHT, _WIDTH)).double()).requires_grad_()
    rays = PinholeCamera(torch.tensor([[[14.0, 0, 7.3], [0, 15, 5.4], [0, 0, 1]]]).double())
    unit = rays.unproject(torch.ones_like(depth))
    camera = RayCamera(unit / unit.norm(dim=1, keepdim=True))
    (gradient,) = torch.autograd.grad(_warped(camera, depth).image.sum(), depth)
    assert torch.isfinite(gradient).all()
    assert (gradient != 0).float().mean() > 0.5
