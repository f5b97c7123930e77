# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The answer for a shrunk image at the size of the window, along the edges of its image."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from depth_completion_core.frame import Frame
from depth_completion_core.inference.preprocessing import Window
from depth_completion_core.models.base import ModelInput, ModelOutput
from depth_completion_core.models.layers.edge_aware_upsampling import raised_along_edges


def raised_output(
    output: ModelOutput, inputs: ModelInput, frames: list[Frame], window: Window
) -> ModelOutput:
    """Everything at the size of the window.

    Depth, confidence and what is valid follow the edges of the image; rays and further maps are
    interpolated between the pixels around.

    Args:
        output: at the size that the model saw.
        inputs: what it saw.
        frames: with the images as they are.
        window: the part of them that was completed, larger than the model saw it.
    """
    parts = [_raised(output, inputs, index, frame, window) for index, frame in enumerate(frames)]
    depth, valid, confidence = zip(*parts, strict=True)
    rays, maps = output.rays, output.maps
    return output._replace(
        depth=torch.stack(depth),
        valid=torch.stack(valid),
        confidence=None if output.confidence is None else torch.stack(confidence),
        rays=None if rays is None else normalize(_interpolated(rays, window), dim=1),
        maps={name: _interpolated(each, window) for name, each in maps.items()},
    )


def _raised(
    output: ModelOutput, inputs: ModelInput, index: int, frame: Frame, window: Window
) -> tuple[Tensor, Tensor, Tensor]:
    """Depth, valid and confidence (1, H, W) of one frame; the last is 0 without one."""
    depth = output.depth[index].float()
    known = torch.isfinite(depth)
    if output.valid is not None:
        known &= output.valid[index]
    given = output.confidence
    confidence = torch.zeros_like(depth) if given is None else given[index].float()
    image = torch.from_numpy(np.array(frame.image[window.slices])).to(depth.device)
    small, large = inputs.image[index], image.permute(2, 0, 1).float() / 255.0
    raised = raised_along_edges(torch.cat([depth, confidence]), small, large, known[0])
    share = raised_along_edges(known.float(), small, large)
    return raised[:1], share >= 0.5, raised[1:]


def _interpolated(maps: Tensor, window: Window) -> Tensor:
    size = (window.height, window.width)
    return interpolate(maps.float(), size, mode="bilinear", align_corners=False)
