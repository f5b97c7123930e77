# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Warping, choice of views, clipping and smoothness together give PackNet-SfM's losses."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from depth_completion_core.geometry.multiview.cameras import PinholeCamera
from depth_completion_core.geometry.multiview.conventions import PACKNET
from depth_completion_core.geometry.multiview.pose_vectors import matrix_from_euler
from depth_completion_core.geometry.multiview.warping import warp
from depth_completion_core.losses.photometric import LocalStatistics, photometric_error
from depth_completion_core.losses.smoothness import edge_aware_smoothness, mean_normalized
from depth_completion_core.losses.view_choice import clipped, minimum_over_views
from tests.golden.filling import golden, numbers

_VALUES = golden("packnet_views.json")
_SCALES = 4


def _resized(image: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(image, size=size, mode="bilinear", align_corners=True)


def _scale_losses(
    inverse_depth: Tensor, *, clip: float, automask: bool, minimum: bool
) -> tuple[Tensor, Tensor]:
    """Photometric loss and smoothness of one scale, at the size of its inverse depth."""
    size = (inverse_depth.shape[2], inverse_depth.shape[3])
    target, *views = (_resized(numbers(i, (1, 3, 64, 96)), size) for i in (4, 6, 7))
    camera = PinholeCamera(torch.tensor([[[40.0, 0, 47.5], [0, 42, 31], [0, 0, 1]]]), PACKNET)
    camera = camera.scaled(size[1] / 96)
    points = camera.unproject(1 / inverse_depth.clamp(min=1e-6))
    pose = torch.tensor(_VALUES["pose"])
    statistics = LocalStatistics.of(target)
    warped, unwarped = [], []
    for view, vector in zip(views, (pose, -pose), strict=True):
        motion = matrix_from_euler(rotation=vector[None, 3:], translation=vector[None, :3])
        image = warp(view, points, motion, camera, PACKNET).image
        warped.append(photometric_error(statistics, image))
        unwarped.append(photometric_error(statistics, view))
    if clip:
        warped = [clipped(error, clip) for error in warped]
    if minimum:
        error = minimum_over_views(warped, unwarped=unwarped if automask else ()).error
    else:
        error = torch.cat(warped)
    return error.mean(), edge_aware_smoothness(mean_normalized(inverse_depth), target).mean()


@pytest.mark.parametrize(
    ("name", "upsampled", "clip", "automask", "minimum"),
    [
        ("photometric_cfgdefault", True, 0.0, True, True),
        ("photometric_multires", False, 0.0, True, True),
        ("photometric_mean_clip0.5_noautomask", True, 0.5, False, False),
    ],
)
def test_the_loss_of_four_scales_is_that_of_packnet(
    name: str, upsampled: bool, clip: float, automask: bool, minimum: bool
) -> None:
    photometric = smoothness = 0.0
    for i in range(_SCALES):
        inverse_depth = 0.05 + 0.4 * numbers(10 + i, (1, 1, 64 >> i, 96 >> i))
        if upsampled:
            inverse_depth = F.interpolate(inverse_depth, size=(64, 96), mode="nearest")
        losses = _scale_losses(inverse_depth, clip=clip, automask=automask, minimum=minimum)
        photometric += losses[0].item() / _SCALES
        smoothness += 0.001 * losses[1].item() / 2**i / _SCALES
    assert smoothness == pytest.approx(_VALUES[name]["smoothness_loss"], rel=1e-5)
    # What the release logs as the photometric part is the whole loss.
    assert photometric + smoothness == pytest.approx(_VALUES[name]["loss"], rel=1e-5)
