# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Held-out frames before and after a run: image, points, both depths, both errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from depth_completion_core.files.output_files import write_picture
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.pictures.depth_colors import color_bar, colorize, overlay
from depth_completion_core.pictures.panels import beside, panel, stacked
from depth_completion_core.pictures.preview import depth_error_map
from depth_completion_core.pictures.scales import depth_scale, error_scale
from depth_completion_core.training.loop.validation import ScoredSample

_WIDTH_PX = 300


def write_comparison_picture(
    path: Path, pairs: Sequence[tuple[ScoredSample, ScoredSample]]
) -> None:
    """Write a row for each frame as PNG; raises WriteError.

    Args:
        path: the file.
        pairs: a frame as the first weights see it, and as the last ones do.
    """
    write_picture(path, stacked(*[_row(before, after) for before, after in pairs]))


def _row(before: ScoredSample, after: ScoredSample) -> UInt8Array:
    batch = before.batch
    image = batch.image[0].permute(1, 2, 0).cpu().numpy()
    sparse, truth = (_depth(maps) for maps in (batch.sparse_depth, batch.true_depth))
    both = {"before": before, "after": after}
    scale = depth_scale([truth.depth])
    errors = error_scale(
        [np.abs(each.depth.depth - truth.depth)[truth.valid] for each in both.values()]
    )
    pictures = {
        f"{before.name}: {sparse.count} points": overlay(image, sparse, scale),
        "truth": colorize(truth.depth, truth.valid, scale),
        **{
            f"{when}: RMSE {each.metrics.rmse_mm:.0f} mm": colorize(
                each.depth.depth, each.depth.valid, scale
            )
            for when, each in both.items()
        },
    }
    depths = [panel(picture, label, width=_WIDTH_PX) for label, picture in pictures.items()]
    wrong = [
        panel(depth_error_map(each.depth, truth, errors), f"error {when}", width=_WIDTH_PX)
        for when, each in both.items()
    ]
    height = depths[0].shape[0]
    bars = color_bar(scale, height=height), color_bar(errors, height=height)
    return beside(*depths, bars[0], *wrong, bars[1])


def _depth(maps: torch.Tensor) -> SparseDepth:
    return SparseDepth.from_depth(maps[0, 0].cpu().numpy())
