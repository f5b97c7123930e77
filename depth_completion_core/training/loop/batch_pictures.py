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
from depth_completion_core.pictures.scales import depth_scale, error_scale
from depth_completion_core.training.feeds.batch import Batch

_WIDTH_PX = 256
_ROWS = 3


def sheet(batch: Batch, depth: Tensor) -> UInt8Array:
    """(H, W, 3) uint8 RGB: a row for each of the first samples, with bars in metres.

    Args:
        batch: the samples.
        depth: (B, 1, H, W) metres, what was predicted of them.
    """
    predicted = depth.float().cpu().numpy()[:, 0]
    return stacked(*[_row(batch, predicted[i], i) for i in range(min(batch.size, _ROWS))])


def _row(batch: Batch, predicted: Float32Array, index: int) -> UInt8Array:
    image = batch.image[index].permute(1, 2, 0).cpu().numpy()
    sparse = SparseDepth.from_depth(batch.sparse_depth[index, 0].cpu().numpy())
    known = batch.sparse_depth if batch.truth is None else batch.truth
    truth = SparseDepth.from_depth(known[index, 0].cpu().numpy())
    scale = depth_scale([truth.depth])
    error = np.where(truth.valid, np.abs(predicted - truth.depth), np.float32(0))
    shown = error_scale([error[truth.valid]])
    everywhere = np.ones_like(truth.valid)
    pictures = [
        panel(image, batch.names[index], width=_WIDTH_PX),
        panel(overlay(image, sparse, scale), f"{sparse.count} measurements", width=_WIDTH_PX),
        panel(colorize(truth.depth, truth.valid, scale), "truth", width=_WIDTH_PX),
        panel(colorize(predicted, everywhere, scale), "prediction", width=_WIDTH_PX),
    ]
    errors = panel(colorize(error, truth.valid, shown), "absolute error", width=_WIDTH_PX)
    height = errors.shape[0]
    bars = color_bar(scale, height=height), color_bar(shown, height=height)
    return beside(*pictures, bars[0], errors, bars[1])
