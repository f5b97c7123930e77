# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An objective with a pose network beside the model, which learns from what that says."""

from __future__ import annotations

import torch
from torch import nn

from depth_completion_core.inference.model_input import run_model
from depth_completion_core.losses.supervised import l1
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.objectives.objective import DEPTH, TOTAL, Losses, Objective


class PoseObjective(Objective):
    """Depth in multiples of a scale that the pose network sees in the image."""

    def __init__(self, model: CompletionModel) -> None:
        super().__init__(model)
        self.pose_net = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.Conv2d(4, 6, 1))

    def forward(self, batch: Batch) -> Losses:
        """The absolute error of the scaled depth, metres."""
        inputs = batch.model_input(self.model.needs)
        depth = run_model(self.model, inputs).depth
        motion = self.pose_net(inputs.image).mean(dim=(2, 3))
        scale = torch.exp(motion[:, 5])[:, None, None, None]
        return {TOTAL: l1(scale * depth, batch.true_depth), DEPTH: depth}
