# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An objective with a pose network beside the model, at a learning rate of its own."""

from __future__ import annotations

import torch
from torch import nn

from depth_completion_core.inference.model_input import run_model
from depth_completion_core.losses.terms import l1
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.objectives.objective import (
    Objective,
    ObjectiveReport,
    ParameterGroup,
    Term,
)


class PoseObjective(Objective):
    """Depth in multiples of a scale that the pose network sees between the image and the next."""

    view_offsets = (1,)

    def __init__(self, model: CompletionModel) -> None:
        super().__init__(model)
        self.pose_net = nn.Sequential(nn.Conv2d(6, 4, 3, stride=2), nn.ReLU(), nn.Conv2d(4, 6, 1))

    def forward(self, batch: Batch) -> ObjectiveReport:
        """The absolute error of the scaled depth, metres."""
        depth = run_model(self.model, batch.model_input(self.model.needs)).depth
        target, after = batch.target, batch.views[-1]
        pair = torch.cat([target.image, after.image], dim=1) / 255.0
        motion = self.pose_net(pair).mean(dim=(2, 3))
        scaled = motion[:, 5].exp()[:, None, None, None] * depth
        return ObjectiveReport(
            total=l1(scaled, batch.true_depth),
            depth=depth,
            terms={"motion": Term(motion[:, 3:].detach().norm(dim=1), "m")},
            pictures={"scaled depth": scaled, "next image": after.image / 255.0},
        )

    def parameter_groups(self) -> list[ParameterGroup]:
        """The pose network learns more slowly."""
        return [
            ParameterGroup(tuple(self.model.parameters())),
            ParameterGroup(tuple(self.pose_net.parameters()), rate_factor=0.5, weight_decay=0.0),
        ]
