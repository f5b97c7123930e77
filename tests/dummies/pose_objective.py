# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An objective with a pose network beside the model."""

from __future__ import annotations

from depth_completion_core.inference.model_input import run_model
from depth_completion_core.losses.terms import l1
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.models.pose.base import PoseNetwork
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.objectives.objective import Objective, ObjectiveReport, Term


class PoseObjective(Objective):
    """Depth in multiples of a scale that the pose network sees between the image and the next."""

    view_offsets = (1,)

    def __init__(self, model: CompletionModel, pose: PoseNetwork) -> None:
        super().__init__(model, {"pose": pose})

    def forward(self, batch: Batch) -> ObjectiveReport:
        """The absolute error of the scaled depth, metres."""
        depth = run_model(self.model, batch.model_input(self.model.needs)).depth
        target, after = batch.target.image / 255.0, batch.views[-1].image / 255.0
        translation = self.beside["pose"](target, [after])[:, 0, :3, 3]
        scaled = (100.0 * translation[:, 2]).exp()[:, None, None, None] * depth
        return ObjectiveReport(
            total=l1(scaled, batch.true_depth),
            depth=depth,
            terms={"motion": Term(translation.detach().norm(dim=1), "m")},
            pictures={"scaled depth": scaled, "next image": after},
        )
