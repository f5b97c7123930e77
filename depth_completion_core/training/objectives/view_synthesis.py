# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet learned from images alone, as its authors do: neighbouring images, warped, look alike.

Wong, Cicek and Soatto, "Learning Topology from Synthetic Data for Unsupervised Depth Completion",
RA-L 2021. Each step: ScaffNet, frozen, on the measurements with their outliers; FusionNet on image,
ScaffNet's depth and the measurements without outliers; a pose network on the target with each
neighbour; then the terms of :mod:`depth_completion_core.losses.view_synthesis`.

The PyTorch release asks ScaffNet before it flips an image, and we do after, which differs as much
as ScaffNet does between an image and its mirror image. It leaves the principal point where it was
in flipped images; here it moves along.
"""

from __future__ import annotations

import torch
from torch import Tensor

from depth_completion_core.geometry.multiview.conventions import FUSIONNET, WarpConvention
from depth_completion_core.inference.model_input import run_model
from depth_completion_core.losses.terms import weighted_sum
from depth_completion_core.losses.view_synthesis import ViewSynthesis, view_synthesis_terms
from depth_completion_core.losses.view_weights import VIEW_TERM_UNITS, ViewSynthesisLossConfig
from depth_completion_core.models.fusionnet import FusionNet
from depth_completion_core.models.pose.base import PoseNetwork
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.feeds.requirements import (
    INTRINSICS,
    SPARSE_DEPTH,
    VIEW_FROM_TARGET,
)
from depth_completion_core.training.objectives.further_views import FurtherViews
from depth_completion_core.training.objectives.objective import (
    Objective,
    ObjectiveReport,
    Term,
    capped,
)

POSE = "pose"
_MOST_COLOR_ERROR = 3.0  # of three channels


class ViewSynthesisObjective(Objective):
    """The weighted terms of FusionNet's release; what has no measurement left is counted.

    Args:
        model: FusionNet.
        loss: what its terms weigh.
        pose: tells how the camera moved; None to take the motions that the set knows.
        offsets: of the views, counted in images of the sample; the prior looks at the first.
        convention: how views are warped, and which of their pixels count.
    """

    def __init__(
        self,
        model: FusionNet,
        loss: ViewSynthesisLossConfig,
        pose: PoseNetwork | None = None,
        *,
        offsets: tuple[int, ...] = (-1, 1),
        convention: WarpConvention = FUSIONNET,
    ) -> None:
        super().__init__(model, {POSE: pose} if pose is not None else {})
        self._network, self._loss, self._pose = model, loss, pose
        self._weights = loss.weights()  # raises where nothing would be learned
        self._convention = convention
        self.view_offsets = offsets
        known = (VIEW_FROM_TARGET,) if pose is None else ()
        self.requires = (SPARSE_DEPTH, INTRINSICS, *known)

    def forward(self, batch: Batch) -> ObjectiveReport:
        """See the base class."""
        output = run_model(self.model, batch.model_input(self.model.needs))
        prior = output.maps["initial_depth"]
        kept = self._network.without_outliers(batch.sparse_depth)
        views = FurtherViews.of(batch, self.view_offsets, self._pose, self._convention)
        warped = views.warped(output.depth)
        with torch.no_grad():
            prior_warped = views.warped(prior).images[0]
        found = view_synthesis_terms(
            self._loss,
            ViewSynthesis(
                image=views.image,
                warped=warped.images,
                depth=output.depth,
                measured=capped(kept, output.farthest),
                prior=prior,
                prior_warped=prior_warped,
                seen=warped.seen if self._convention.needs_view else None,
            ),
        )
        terms = {
            name.replace("_", " "): Term(value, VIEW_TERM_UNITS[name])
            for name, value in found.terms.items()
        }
        for name, pixels in found.pixels.items():
            label = f"images without {name.replace('_', ' ')}"
            terms[label] = Term((pixels == 0).to(torch.float32), "1")
        return ObjectiveReport(
            total=weighted_sum(self._weights, found.terms),
            depth=output.depth,
            terms=terms,
            pictures={
                "initial depth": prior,
                **{
                    f"view {offset:+d}, warped": image
                    for offset, image in zip(self.view_offsets, warped.images, strict=True)
                },
                "colour error": as_grey(found.color_error / _MOST_COLOR_ERROR),
                "where the prior explains": as_grey(found.prior_mask),
            },
        )


def as_grey(values: Tensor) -> Tensor:
    """(B, 3, H, W) of (B, 1, H, W) in 0..1, to be shown as a picture."""
    return values.detach().to(torch.float32).expand(-1, 3, -1, -1)
