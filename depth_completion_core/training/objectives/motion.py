# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Any network, learned from a camera that moves and from measurements that it was not shown.

The photometric error is that of monodepth2 and PackNet-SfM: each pixel's least error over the
views (Godard et al., ICCV 2019; Guizilini et al., CVPR 2020), here over the views that see it. The
prior is FusionNet's (Wong, Cicek and Soatto, RA-L 2021), of logarithms so that near and far things
count the same. Measurements hold the scale.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from depth_completion_core.geometry.multiview.conventions import OURS
from depth_completion_core.inference.model_input import run_model
from depth_completion_core.inference.z_depth import output_along_z
from depth_completion_core.losses.depth_anchors import topology_prior, where_prior_explains
from depth_completion_core.losses.masked import Masked, masked_mean
from depth_completion_core.losses.motion_weights import MotionLossConfig
from depth_completion_core.losses.photometric import LocalStatistics, photometric_error
from depth_completion_core.losses.smoothness import edge_aware_smoothness, mean_normalized
from depth_completion_core.losses.terms import (
    LOSS_TERMS,
    WeightedLossConfig,
    l1,
    loss_values,
    weighted_sum,
)
from depth_completion_core.losses.view_choice import ViewChoice, minimum_over_views
from depth_completion_core.models.base import CompletionModel, ModelOutput
from depth_completion_core.models.pose.base import PoseNetwork
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.feeds.requirements import (
    INTRINSICS,
    SPARSE_DEPTH,
    VIEW_FROM_TARGET,
)
from depth_completion_core.training.objectives.further_views import FurtherViews, WarpedViews
from depth_completion_core.training.objectives.objective import (
    Objective,
    ObjectiveReport,
    Term,
    capped,
)
from depth_completion_core.training.objectives.view_synthesis import POSE, as_grey

PHOTOMETRIC = "photometric error"
_INITIAL = "initial_depth"


class MotionObjective(Objective):
    """Photometric error, withheld measurements (the samples' truth), smoothness and the prior.

    Args:
        model: the network.
        loss: of withheld measurements.
        views: of the further images.
        pose: tells how the camera moved; None to take the motions that the set knows.
        pose_first_steps: the pose network alone learns in the first so many passes, from the depth
            that the model begins with: what a wrong motion would teach it is undone slowly.
        fixed_statistics: whether batch norm of the model keeps the statistics that it has.
        offsets: of the views, counted in images of the sample.
    """

    compared_terms = (PHOTOMETRIC,)

    def __init__(
        self,
        model: CompletionModel,
        loss: WeightedLossConfig,
        views: MotionLossConfig,
        pose: PoseNetwork | None = None,
        *,
        pose_first_steps: int = 0,
        fixed_statistics: bool = True,
        offsets: tuple[int, ...] = (-1, 1),
    ) -> None:
        beside = {} if pose is None else {POSE: pose}
        super().__init__(model, beside, fixed_statistics=fixed_statistics)
        self._loss, self._views, self._pose = loss, views, pose
        self._weights = loss.weights()
        self._pose_first = pose_first_steps if pose is not None else 0
        self._passes: Tensor
        self.register_buffer("_passes", torch.zeros((), dtype=torch.int64))
        self.view_offsets = offsets
        known = (VIEW_FROM_TARGET,) if pose is None else ()
        self.requires = (SPARSE_DEPTH, INTRINSICS, *known)

    def forward(self, batch: Batch) -> ObjectiveReport:
        """See the base class."""
        inputs = batch.model_input(self.model.needs)
        learns_depth = not self.training or int(self._passes) >= self._pose_first
        with torch.set_grad_enabled(torch.is_grad_enabled() and learns_depth):
            output = output_along_z(run_model(self.model, inputs), inputs)
        views = FurtherViews.of(batch, self.view_offsets, self._pose, OURS)
        total, terms, pictures = self._compared(views, output)
        if learns_depth:
            withheld = capped(_truth(batch), output.farthest)
            values = loss_values(
                self._loss, {**output.maps, "depth": output.depth, "truth": withheld}
            )
            total = total + weighted_sum(self._weights, values)
            terms |= {
                f"withheld {name.replace('_', ' ')}": Term(value, LOSS_TERMS[name].unit)
                for name, value in values.items()
            }
            error = l1(output.depth.detach(), withheld, "valid_pixels")
            terms["withheld absolute error"] = Term(error, "m")
        else:
            total = total + 0.0 * sum(each.sum() for each in self.model.parameters())
        if self.training:
            self._passes += 1
        motion = torch.stack([motion[:, :3, 3].norm(dim=1) for motion in views.motions])
        terms["motion"] = Term(motion.detach().mean(dim=0), "m")
        return ObjectiveReport(total, output.depth, terms, pictures)

    def _compared(
        self, views: FurtherViews, output: ModelOutput
    ) -> tuple[Tensor, dict[str, Term], dict[str, Tensor]]:
        """What the views say of a depth: the weighted sum, its terms, and pictures."""
        config, depth = self._views, output.depth
        warped = views.warped(depth)
        choice = self._least_error(views, warped)
        error = masked_mean(choice.error, choice.counts)
        errors = [error, *(self._at_half(views, depth, n) for n in range(1, config.halvings + 1))]
        photometric = torch.stack([each.values for each in errors]).mean(dim=0)
        smoothness = edge_aware_smoothness(mean_normalized(1.0 / depth), views.image)
        total = config.w_photometric * photometric + config.w_smoothness * smoothness
        terms = {
            PHOTOMETRIC: Term(error.values, "1"),
            "smoothness": Term(smoothness, "1"),
            "images that no view sees": Term((error.pixels == 0).to(depth.dtype), "1"),
        }
        pictures = {
            **{
                f"view {offset:+d}, warped": image
                for offset, image in zip(self.view_offsets, warped.images, strict=True)
            },
            PHOTOMETRIC: as_grey(choice.error),
        }
        if _INITIAL in output.maps and config.w_prior:
            prior = output.maps[_INITIAL].detach()
            with torch.no_grad():
                by_prior = self._least_error(views, views.warped(prior)).error
            mask = where_prior_explains(
                error=choice.error.detach(), prior_error=by_prior, seen=choice.counts
            )
            difference = topology_prior(depth.log(), prior.log(), mask, color=error.values).values
            total = total + config.w_prior * difference
            terms["prior"] = Term(difference, "1")
            pictures |= {"initial depth": prior, "where the prior explains": as_grey(mask)}
        return total, terms, pictures

    def _at_half(self, views: FurtherViews, depth: Tensor, times: int) -> Masked:
        """The photometric error of images that are halved so many times."""
        smaller = views.halved(times)
        choice = self._least_error(smaller, smaller.warped(avg_pool2d(depth, 2**times)))
        return masked_mean(choice.error, choice.counts)

    def _least_error(self, views: FurtherViews, warped: WarpedViews) -> ViewChoice:
        target = LocalStatistics.of(views.image)
        unwarped: list[Tensor] = []
        if self._views.auto_mask:
            with torch.no_grad():
                unwarped = [photometric_error(target, image) for image in views.images]
        return minimum_over_views(
            [photometric_error(target, image) for image in warped.images],
            unwarped=unwarped,
            seen=warped.seen,
        )


def _truth(batch: Batch) -> Tensor:
    """(B, 1, H, W) metres; 0 everywhere in a batch of which nothing was withheld."""
    return torch.zeros_like(batch.sparse_depth) if batch.truth is None else batch.truth
