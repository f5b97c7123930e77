# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A pass in which every process joins, also one whose part of a step has no samples."""

from __future__ import annotations

import torch
from torch import nn

from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.objectives.objective import Objective, ObjectiveReport


class PassOfProcess(nn.Module):
    """An objective, and gradients of 0 where there is nothing to ask it about.

    Processes wait for the gradients of each other, so one without samples has to give some; the
    objective sees none of it, whatever it requires of a sample.

    Args:
        objective: what is minimised.
    """

    def __init__(self, objective: Objective) -> None:
        super().__init__()
        self.objective = objective

    def forward(self, batch: Batch) -> ObjectiveReport:
        """What the objective says; of no samples, a total (1,) of 0 that all parameters are in."""
        if batch.size:
            report: ObjectiveReport = self.objective(batch)
            return report
        learned = [each for each in self.objective.parameters() if each.requires_grad]
        nothing = torch.stack([parameter.sum() for parameter in learned]).sum() * 0.0
        return ObjectiveReport(total=nothing[None], depth=batch.sparse_depth)
