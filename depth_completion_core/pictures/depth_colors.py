# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depths and errors in colours: maps, points on the image, and the bar that explains them."""

from __future__ import annotations

import cv2
import numpy as np

from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, Float32Array, UInt8Array
from depth_completion_core.pictures.panels import LABEL_HEIGHT_PX, PAPER, upward_text, write_text
from depth_completion_core.pictures.scales import Scale, ticks

BAR_WIDTH_PX = 106
ABOVE_SCALE = (90, 220, 255)
"""Colour of errors above the scale (light blue), which is not in its colour map."""

_BAR_COLUMNS = slice(6, 20)
_TICK_COLUMNS = slice(20, 24)
_TICKS_LEFT_PX = 28
_LABEL_LEFT_PX = 72
_LEAST_TICK_GAP_PX = 15
_INVALID_GREY = 40


def colorize(values: Float32Array, valid: BoolArray, scale: Scale) -> UInt8Array:
    """(H, W, 3) uint8 RGB picture of a map; grey where not valid.

    Depths beyond the scale have the colour of its nearer end; larger errors have
    :data:`ABOVE_SCALE`.
    """
    level = scale.level(values)
    steps = np.clip(level * 255.0, 0, 255).astype(np.uint8)
    table = cv2.COLORMAP_INFERNO if scale.is_error else cv2.COLORMAP_TURBO
    # Near is red, as on every lidar display: the table is reversed for depths.
    coloured = cv2.applyColorMap(steps if scale.is_error else 255 - steps, table)
    picture = np.asarray(cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    if scale.is_error:
        picture[values > scale.high] = ABOVE_SCALE
    picture[~valid] = _INVALID_GREY
    return picture


def overlay(image: UInt8Array, sparse: SparseDepth, scale: Scale) -> UInt8Array:
    """The measured points as coloured dots on a darkened image, (H, W, 3) uint8 RGB."""
    spread = max(1, round(image.shape[1] / 640))
    kernel = np.ones((2 * spread + 1, 2 * spread + 1), np.uint8)
    # Dilating the inverse puts the nearest dot on top where two touch.
    inverse = np.where(sparse.valid, 1.0 / np.maximum(sparse.depth, 1e-3), 0.0).astype(np.float32)
    inverse = np.asarray(cv2.dilate(inverse, kernel), dtype=np.float32)
    dotted = inverse > 0
    dots = colorize(1.0 / np.maximum(inverse, np.float32(1e-6)), dotted, scale)
    picture: UInt8Array = np.where(dotted[..., None], dots, (image * 0.55).astype(np.uint8))
    return picture


def color_bar(scale: Scale, *, height: int) -> UInt8Array:
    """A vertical bar as tall as the panels beside it, with ticks in metres.

    Its label says what the colours are linear in. For errors, a patch above the bar shows the
    colour of those above the scale.
    """
    bar = np.full((height, BAR_WIDTH_PX, 3), PAPER, dtype=np.uint8)
    top, bottom = LABEL_HEIGHT_PX + 6, max(height - 10, LABEL_HEIGHT_PX + 7)
    levels = np.linspace(1.0, 0.0, bottom - top, dtype=np.float32)[:, None]
    # The upper end itself belongs to the scale: rounding must not make it larger.
    values = np.clip(scale.value(levels), scale.low, np.nextafter(scale.high, 0, dtype=np.float32))
    bar[top:bottom, _BAR_COLUMNS] = colorize(values, np.ones_like(values, dtype=bool), scale)
    for value in ticks(scale, _LEAST_TICK_GAP_PX / (bottom - top)):
        level = float(scale.level(np.array([value], np.float32))[0])
        row = round(bottom - 1 - level * (bottom - top - 1))
        bar[row, _TICK_COLUMNS] = 235
        write_text(bar, f"{value:.3g}", (_TICKS_LEFT_PX, row + 4), size=0.4)
    if scale.is_error:
        bar[6 : LABEL_HEIGHT_PX - 6, _BAR_COLUMNS] = ABOVE_SCALE
        write_text(bar, "above", (_TICKS_LEFT_PX, LABEL_HEIGHT_PX - 8), size=0.4)
    words = ("error [m]",) if scale.is_error else ("depth [m],", "colours linear in 1/depth")
    label = upward_text(words, height=height)
    bar[:, _LABEL_LEFT_PX : _LABEL_LEFT_PX + label.shape[1]] = label
    return bar
