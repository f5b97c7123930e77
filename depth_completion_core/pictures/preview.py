# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A completed frame as one picture: image | measured points | dense depth | error."""

from __future__ import annotations

import cv2
import numpy as np

from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.geometry.arrays import Float32Array, UInt8Array
from depth_completion_core.pictures.depth_colors import (
    Scale,
    beside,
    color_bar,
    colorize,
    overlay,
    panel,
)

_PANEL_WIDTH_PX = 480
_DENSE_SHARE = 0.3


def frame_picture(
    image: UInt8Array, prediction: DepthPrediction, truth: SparseDepth | None, scale: Scale
) -> UInt8Array:
    """The panels of one frame side by side, (H, W, 3) uint8 RGB; the error where truth is known."""
    width = _PANEL_WIDTH_PX
    measured = f"{prediction.sparse.count} measured pixels"
    panels = [
        panel(image, "image", width=width),
        panel(overlay(image, prediction.sparse, scale), measured, width=width),
        panel(colorize(prediction.depth, prediction.valid, scale), "dense depth", width=width),
    ]
    panels.append(color_bar(scale, height=panels[0].shape[0]))
    if truth is not None:
        errors = error_scale(scale)
        title = "absolute error (grey: none known)"
        panels.append(panel(error_map(prediction, truth, errors), title, width=width))
        panels.append(color_bar(errors, height=panels[0].shape[0]))
    return beside(*panels)


def error_scale(scale: Scale) -> Scale:
    """From 0 to a tenth of the depths shown."""
    return Scale(low=0.0, high=max(0.1 * scale.high, 0.1), is_error=True)


def error_map(prediction: DepthPrediction, truth: SparseDepth, scale: Scale) -> UInt8Array:
    """(H, W, 3) uint8 RGB absolute error where both are known; sparse truth as visible dots."""
    depth = prediction.along_z
    compared = depth.valid & truth.valid
    error = np.where(compared, np.abs(depth.depth - truth.depth), np.float32(-1))
    if compared.mean() < _DENSE_SHARE:
        side = 2 * max(2, round(error.shape[1] / 320)) + 1
        error = _floats(cv2.dilate(error.astype(np.float32), np.ones((side, side), np.uint8)))
    return colorize(np.maximum(error, 0).astype(np.float32), error >= 0, scale)


def _floats(values: cv2.typing.MatLike) -> Float32Array:
    return values.astype(np.float32, copy=False)
