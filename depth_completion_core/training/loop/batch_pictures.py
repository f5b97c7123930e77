# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Samples of a batch as pictures: image, measurements, truth, prediction, error."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import Float32Array, UInt8Array
from depth_completion_core.pictures.depth_colors import color_bar, colorize, overlay
from depth_completion_core.pictures.panels import beside, panel, stacked
from depth_completion_core.pictures.scales import Scale, depth_scale, error_scale
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.objectives.objective import ObjectiveReport

_WIDTH_PX = 256
_ROWS = 3


def sheet(batch: Batch, report: ObjectiveReport) -> UInt8Array:
    """(H, W, 3) uint8 RGB: a row for each of the first samples, with bars in metres.

    Args:
        batch: the samples.
        report: what an objective said of them.
    """
    return stacked(*[_row(batch, report, index) for index in range(min(batch.size, _ROWS))])


def _row(batch: Batch, report: ObjectiveReport, index: int) -> UInt8Array:
    image = batch.image[index].permute(1, 2, 0).cpu().numpy()
    sparse = SparseDepth.from_depth(batch.sparse_depth[index, 0].cpu().numpy())
    known = batch.sparse_depth if batch.truth is None else batch.truth
    truth = SparseDepth.from_depth(known[index, 0].cpu().numpy())
    predicted = _map(report.depth, index)[..., 0]
    scale = depth_scale([truth.depth])
    error = np.where(truth.valid, np.abs(predicted - truth.depth), np.float32(0))
    shown = error_scale([error[truth.valid]])
    everywhere = np.ones_like(truth.valid)
    further = {
        name: _picture(_map(values, index), scale) for name, values in report.pictures.items()
    }
    pictures = {
        batch.names[index]: image,
        f"{sparse.count} measurements": overlay(image, sparse, scale),
        "truth": colorize(truth.depth, truth.valid, scale),
        **further,
        "prediction": colorize(predicted, everywhere, scale),
    }
    panels = [panel(picture, label, width=_WIDTH_PX) for label, picture in pictures.items()]
    errors = panel(colorize(error, truth.valid, shown), "absolute error", width=_WIDTH_PX)
    height = errors.shape[0]
    bars = color_bar(scale, height=height), color_bar(shown, height=height)
    return beside(*panels, bars[0], errors, bars[1])


def _map(values: Tensor, index: int) -> Float32Array:
    """(H, W, C) of a sample."""
    array: Float32Array = values[index].detach().float().permute(1, 2, 0).cpu().numpy()
    return array


def _picture(values: Float32Array, scale: Scale) -> UInt8Array:
    """(H, W, 3) RGB of such, or of (H, W, 1) metres."""
    if values.shape[2] == 3:
        return (values.clip(0.0, 1.0) * 255.0).astype(np.uint8)
    return colorize(values[..., 0], values[..., 0] > 0, scale)
