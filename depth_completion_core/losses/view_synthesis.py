# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet's loss: depth learned from what neighbouring images look like through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from depth_completion_core.losses.depth_anchors import (
    sparse_depth,
    topology_prior,
    where_prior_explains,
)
from depth_completion_core.losses.masked import Masked, masked_mean
from depth_completion_core.losses.photometric import LocalStatistics, color_error, structure_error
from depth_completion_core.losses.smoothness import edge_aware_smoothness
from depth_completion_core.losses.view_weights import ViewSynthesisLossConfig


class ViewSynthesis(NamedTuple):
    """What the terms compare, for B images and V views of each.

    Attributes:
        image: (B, 3, H, W) in 0..1, the target.
        warped: V views as the target would see them, (B, 3, H, W) each, by the prediction.
        depth: (B, 1, H, W) metres, predicted.
        measured: (B, 1, H, W) metres, 0 where nothing was measured.
        prior: (B, 1, H, W) metres, ScaffNet's depth; no gradient goes there.
        prior_warped: (B, 3, H, W), the first view, by the prior.
        seen: V masks, (B, 1, H, W) bool each, of pixels that the view sees; None for all, as in the
            release.
    """

    image: Tensor
    warped: Sequence[Tensor]
    depth: Tensor
    measured: Tensor
    prior: Tensor
    prior_warped: Tensor
    seen: Sequence[Tensor] | None = None


class ViewSynthesisReport(NamedTuple):
    """The terms of a batch.

    Attributes:
        terms: those that have a weight, by name, (B,) each; 0 for an image without a pixel that
            counts.
        pixels: (B,) int64 each, how many pixels of an image counted, of terms that may have none.
        color_error: (B, 1, H, W) of the first view, to be shown.
        prior_mask: (B, 1, H, W) bool, where the prior explains it as well.
    """

    terms: dict[str, Tensor]
    pixels: dict[str, Tensor]
    color_error: Tensor
    prior_mask: Tensor


def view_synthesis_terms(
    config: ViewSynthesisLossConfig, views: ViewSynthesis
) -> ViewSynthesisReport:
    """The terms of FusionNet's loss for each image.

    Source: Wong, Cicek and Soatto, "Learning Topology from Synthetic Data for Unsupervised Depth
    Completion", RA-L 2021. Reductions are those of its PyTorch release: means over an image's
    pixels, sums over channels and views.
    """
    wanted = config.weights()
    seen = [None] * len(views.warped) if views.seen is None else list(views.seen)
    colors = [color_error(views.image, warped, channels="sum") for warped in views.warped]
    prior_color = color_error(views.image, views.prior_warped, channels="sum")
    mask = where_prior_explains(error=colors[0], prior_error=prior_color, seen=seen[0])
    masked = {}
    if "color" in wanted:
        masked["color"] = _over_views(colors, seen)
    if "structure" in wanted:
        target = LocalStatistics.of(views.image)
        structures = [structure_error(target, warped, channels="sum") for warped in views.warped]
        masked["structure"] = _over_views(structures, seen)
    if "sparse_depth" in wanted:
        masked["sparse_depth"] = sparse_depth(views.depth, views.measured)
    if "prior" in wanted:
        masked["prior"] = topology_prior(
            views.depth,
            views.prior.detach(),
            mask,
            color=masked_mean(colors[0], seen[0]).values,
            threshold=config.prior_threshold,
            variant=config.prior,
        )
    terms = {name: loss.values for name, loss in masked.items()}
    if "smoothness" in wanted:
        terms["smoothness"] = edge_aware_smoothness(views.depth, views.image)
    pixels = {name: loss.pixels for name, loss in masked.items()}
    return ViewSynthesisReport(terms, pixels, colors[0].detach(), mask)


def _over_views(errors: Sequence[Tensor], seen: Sequence[Tensor | None]) -> Masked:
    """The sum over views, and how many pixels counted in any of them."""
    means = [masked_mean(error, mask) for error, mask in zip(errors, seen, strict=True)]
    first, *others = means
    values = sum((mean.values for mean in others), start=first.values)
    return Masked(values, sum((mean.pixels for mean in others), start=first.pixels))
