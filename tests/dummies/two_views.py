# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A network that compares the image with the one before, through a pose network of its own."""

from __future__ import annotations

import torch
from torch import nn

from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput, NoSettings
from depth_completion_core.models.needs import ModelNeeds


class TwoViews(CompletionModel):
    """Mean measured depth, moved by how the two images differ.

    The pose network sees both images; its motion is a map of the output, so that a test can tell
    which images it saw.
    """

    needs = ModelNeeds(view_offsets=(-1,), size_multiple=8)

    def __init__(self, config: NoSettings | None = None) -> None:
        super().__init__(config)
        self.pose_net = nn.Conv2d(6, 6, kernel_size=1, bias=False)
        nn.init.normal_(self.pose_net.weight, std=0.1, generator=torch.Generator().manual_seed(0))

    def forward(self, inputs: ModelInput) -> ModelOutput:
        """One depth per frame, and the motion to the view before."""
        target, before = inputs.views
        motion = self.pose_net(torch.cat([target.image, before.image], dim=1)).mean(dim=(2, 3))
        measured = target.sparse_depth.sum((1, 2, 3)) / target.validity_map.sum((1, 2, 3))
        depth = (measured * (1.0 + motion[:, 0])).clamp(min=0.01)
        elapsed = before.time_s[:, None, None, None].expand_as(target.sparse_depth)
        return ModelOutput(
            depth=depth[:, None, None, None].expand_as(target.sparse_depth),
            maps={
                "motion": motion[:, :, None, None].expand(-1, -1, *target.image.shape[-2:]),
                "elapsed_s": elapsed,
            },
        )
