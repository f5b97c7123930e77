# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth along the optical axis of networks that say it along rays, to be compared with truth."""

from __future__ import annotations

import torch
from torch import Tensor

from depth_completion_core.models.base import ModelInput, ModelOutput


def output_along_z(output: ModelOutput, inputs: ModelInput) -> ModelOutput:
    """The output with depth along the optical axis; gradients pass through.

    Args:
        output: of a model, depth along either.
        inputs: what it saw; its intrinsics give the rays where the model learns none.

    Raises:
        ValueError: depth is along rays, and neither the model nor a calibration gives those.
    """
    if output.along == "z":
        return output
    cosine = _cosine(inputs) if output.rays is None else output.rays[:, 2:]
    farthest = None if output.farthest is None else output.farthest * cosine
    return output._replace(depth=output.depth * cosine, farthest=farthest, along="z")


def _cosine(inputs: ModelInput) -> Tensor:
    """(B, 1, H, W), of the angle between the ray of each pixel and the optical axis."""
    if inputs.intrinsics is None:
        raise ValueError(
            "the model says depth along the rays of a calibrated camera, but the samples have no "
            "intrinsics; use a data set that has them"
        )
    height, width = inputs.image.shape[-2:]
    fx, fy, cx, cy = (inputs.intrinsics[:, i, j] for i, j in ((0, 0), (1, 1), (0, 2), (1, 2)))
    x = (torch.arange(width, device=fx.device) - cx[:, None]) / fx[:, None]
    y = (torch.arange(height, device=fy.device) - cy[:, None]) / fy[:, None]
    return (1.0 + x.square()[:, None, None] + y.square()[:, None, :, None]).rsqrt()
