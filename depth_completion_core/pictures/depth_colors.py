# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of depth: coloured maps with a bar in metres, points on the image, labelled panels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, Float32Array, UInt8Array

_LABEL_HEIGHT_PX = 26
_BAR_WIDTH_PX = 74
_INK = (235, 235, 235)
_PAPER = (24, 24, 28)
_INVALID_GREY = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What the two ends of a colour map mean.

    Attributes:
        low: value at the dark end.
        high: value at the bright end.
        unit: printed beside the bar.
        is_error: True for the map of errors, False for the map of depths.
    """

    low: float
    high: float
    unit: str = "m"
    is_error: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.low <= 0 and not self.is_error):
            raise ValueError(f"a scale runs from low to high, of depths above 0; got {self}")


def depth_scale(depths: Sequence[Float32Array]) -> Scale:
    """A scale that shows all but the nearest and farthest 2 % of the positive depths, metres."""
    positive = np.concatenate([depth[depth > 0].ravel() for depth in depths])
    if positive.size == 0:
        return Scale(low=0.1, high=1.0)
    low, high = np.percentile(positive, (2, 98))
    return Scale(low=float(low), high=float(max(high, low + 0.1)))


def colorize(values: Float32Array, valid: BoolArray, scale: Scale) -> UInt8Array:
    """(H, W, 3) uint8 RGB picture of a map; grey where not valid.

    Depths are spread by their inverse, so that near things keep their contrast in a long view.
    """
    if scale.is_error:
        level = (values - scale.low) / (scale.high - scale.low)
    else:
        inverse = 1.0 / np.maximum(values, np.float32(1e-3))
        level = (1 / scale.low - inverse) / (1 / scale.low - 1 / scale.high)
    steps = np.clip(level * 255.0, 0, 255).astype(np.uint8)
    table = cv2.COLORMAP_INFERNO if scale.is_error else cv2.COLORMAP_TURBO
    # Near is red, as on every lidar display: the table runs the other way for depths.
    picture = cv2.applyColorMap(steps if scale.is_error else 255 - steps, table)
    picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    picture[~valid] = _INVALID_GREY
    return _bytes(picture)


def overlay(image: UInt8Array, sparse: SparseDepth, scale: Scale) -> UInt8Array:
    """The measured points as coloured dots on a darkened image, (H, W, 3) uint8 RGB."""
    spread = max(1, round(image.shape[1] / 640))
    kernel = np.ones((2 * spread + 1, 2 * spread + 1), np.uint8)
    # Dilating the inverse lets the nearest dot lie on top where two touch.
    inverse = np.where(sparse.valid, 1.0 / np.maximum(sparse.depth, 1e-3), 0.0).astype(np.float32)
    inverse = _floats(cv2.dilate(inverse, kernel))
    dotted = inverse > 0
    dots = colorize(1.0 / np.maximum(inverse, np.float32(1e-6)), dotted, scale)
    picture: UInt8Array = np.where(dotted[..., None], dots, (image * 0.55).astype(np.uint8))
    return picture


def panel(picture: UInt8Array, label: str, *, width: int) -> UInt8Array:
    """A picture resized to a width in pixels, with a label above it."""
    height = max(round(picture.shape[0] * width / picture.shape[1]), 1)
    shrinks = width < picture.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    resized = cv2.resize(picture, (width, height), interpolation=method)
    strip = np.full((_LABEL_HEIGHT_PX, width, 3), _PAPER, dtype=np.uint8)
    _write(strip, label, (6, _LABEL_HEIGHT_PX - 8))
    return np.vstack([strip, _bytes(resized)])


def color_bar(scale: Scale, *, height: int) -> UInt8Array:
    """A vertical bar with ticks and the unit, as tall as the panels beside it."""
    bar = np.full((height, _BAR_WIDTH_PX, 3), _PAPER, dtype=np.uint8)
    top, bottom = _LABEL_HEIGHT_PX + 6, height - 10
    fractions = np.linspace(1.0, 0.0, max(bottom - top, 1), dtype=np.float32)
    values = _value_at(fractions, scale)[:, None]
    bar[top:bottom, 6:20] = colorize(values, np.ones_like(values, dtype=bool), scale)
    _write(bar, f"[{scale.unit}]", (6, _LABEL_HEIGHT_PX - 8))
    for fraction in np.linspace(0.0, 1.0, 6 if height > 200 else 4, dtype=np.float32):
        row = round(float(bottom - 1 - fraction * (bottom - top - 1)))
        value = float(_value_at(np.array([fraction], np.float32), scale)[0])
        _write(bar, f"{value:.3g}", (24, row + 4))
    return bar


def beside(*panels: UInt8Array) -> UInt8Array:
    """Panels in a row; shorter ones are filled up below."""
    height = max(item.shape[0] for item in panels)
    return np.hstack([_filled_up(item, height, item.shape[1]) for item in panels])


def stacked(*rows: UInt8Array) -> UInt8Array:
    """Rows below each other; narrower ones are filled up on the right."""
    width = max(item.shape[1] for item in rows)
    return np.vstack([_filled_up(item, item.shape[0], width) for item in rows])


def title(text: str, *, width: int) -> UInt8Array:
    """A line of text as a strip of the given width."""
    strip = np.full((_LABEL_HEIGHT_PX + 6, width, 3), _PAPER, dtype=np.uint8)
    _write(strip, text, (6, _LABEL_HEIGHT_PX - 4), size=0.55)
    return strip


def _value_at(fractions: npt.NDArray[np.float32], scale: Scale) -> npt.NDArray[np.float32]:
    """Invert the level of :func:`colorize`."""
    if scale.is_error:
        return (scale.low + fractions * (scale.high - scale.low)).astype(np.float32)
    inverse = 1 / scale.low - fractions * (1 / scale.low - 1 / scale.high)
    return (1.0 / inverse).astype(np.float32)


def _filled_up(picture: UInt8Array, height: int, width: int) -> UInt8Array:
    canvas = np.full((height, width, 3), _PAPER, dtype=np.uint8)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    return canvas


def _write(canvas: UInt8Array, text: str, at: tuple[int, int], size: float = 0.45) -> None:
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, _INK, 1, cv2.LINE_AA)


def _bytes(picture: cv2.typing.MatLike) -> UInt8Array:
    return picture.astype(np.uint8, copy=False)


def _floats(values: cv2.typing.MatLike) -> Float32Array:
    return values.astype(np.float32, copy=False)
