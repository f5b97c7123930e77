# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A completed frame as one picture: image | measured points | dense depth | error."""

from __future__ import annotations

import cv2
import numpy as np

from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, Float32Array, UInt8Array
from depth_completion_core.pictures.depth_colors import color_bar, colorize, overlay
from depth_completion_core.pictures.panels import beside, panel
from depth_completion_core.pictures.scales import Scale, error_scale

_PANEL_WIDTH_PX = 480
_DENSE_SHARE = 0.3


def frame_picture(
    image: UInt8Array,
    prediction: DepthPrediction,
    truth: SparseDepth | None,
    scale: Scale,
    errors: Scale | None = None,
) -> UInt8Array:
    """The panels of one frame side by side, (H, W, 3) uint8 RGB; the error where truth is known.

    Args:
        image: (H, W, 3) uint8 RGB.
        prediction: dense depth of that image.
        truth: true depth; None for no panel of the error.
        scale: the depths that colours stand for.
        errors: the errors that colours stand for; by default those of this frame.
    """
    width = _PANEL_WIDTH_PX
    measured = f"{prediction.sparse.count} measured pixels"
    panels = [
        panel(image, "image", width=width),
        panel(overlay(image, prediction.sparse, scale), measured, width=width),
        panel(colorize(prediction.depth, prediction.valid, scale), "dense depth", width=width),
    ]
    panels.append(color_bar(scale, height=panels[0].shape[0]))
    if truth is not None:
        errors = errors or error_scale([absolute_errors(prediction, truth)])
        title = "absolute error (grey: not compared)"
        panels.append(panel(error_map(prediction, truth, errors), title, width=width))
        panels.append(color_bar(errors, height=panels[0].shape[0]))
    return beside(*panels)


def absolute_errors(prediction: DepthPrediction, truth: SparseDepth) -> Float32Array:
    """(N,) float32 absolute errors of the pixels that have both depths along Z, metres."""
    error, compared = _error(prediction.along_z, truth)
    return error[compared]


def error_map(prediction: DepthPrediction, truth: SparseDepth, scale: Scale) -> UInt8Array:
    """(H, W, 3) uint8 RGB absolute error where both are known; sparse truth as visible dots."""
    return depth_error_map(prediction.along_z, truth, scale)


def depth_error_map(depth: SparseDepth, truth: SparseDepth, scale: Scale) -> UInt8Array:
    """The same of predicted depth along Z."""
    error, compared = _error(depth, truth)
    if compared.mean() < _DENSE_SHARE:
        side = 2 * max(2, round(error.shape[1] / 320)) + 1
        error = np.asarray(cv2.dilate(error, np.ones((side, side), np.uint8)), dtype=np.float32)
    return colorize(np.maximum(error, 0), error >= 0, scale)


def _error(depth: SparseDepth, truth: SparseDepth) -> tuple[Float32Array, BoolArray]:
    """The absolute error, -1 where it is not known, and where it is known."""
    compared = depth.valid & truth.valid
    error = np.where(compared, np.abs(depth.depth - truth.depth), np.float32(-1))
    return error.astype(np.float32), compared
