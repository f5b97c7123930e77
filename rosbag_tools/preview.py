# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One picture per frame: image | projected points | dense depth | error."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from depth_completion_core.frame import DepthPrediction, Float32Array, SparseDepth, UInt8Array
from depth_completion_core.visualize import (
    Scale,
    beside,
    color_bar,
    colorize,
    depth_scale,
    overlay,
    panel,
)
from rosbag_tools.errors import write_error

_PANEL_WIDTH_PX = 480


class Preview:
    """Writes numbered pictures; all of them with the scale of the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scale: Scale | None = None
        self._count = 0

    def write(
        self, image: UInt8Array, prediction: DepthPrediction, truth: SparseDepth | None
    ) -> None:
        """Write the picture of one frame; raises BagError where the folder cannot be written."""
        if self._scale is None:
            self._scale = depth_scale([prediction.sparse.depth, prediction.depth])
        save_picture(
            self._folder / f"frame_{self._count:06d}.png",
            frame_picture(image, prediction, truth, self._scale),
        )
        self._count += 1


def frame_picture(
    image: UInt8Array, prediction: DepthPrediction, truth: SparseDepth | None, scale: Scale
) -> UInt8Array:
    """The panels of one frame side by side, (H, W, 3) uint8 RGB."""
    width = _PANEL_WIDTH_PX
    measured = f"{prediction.sparse.count} measured pixels"
    panels = [
        panel(image, "image", width=width),
        panel(overlay(image, prediction.sparse, scale), measured, width=width),
        panel(colorize(prediction.depth, prediction.valid, scale), "dense depth", width=width),
    ]
    panels.append(color_bar(scale, height=panels[0].shape[0]))
    if truth is not None:
        panels.extend(_error_panels(prediction, truth, scale, width))
    return beside(*panels)


def error_scale(scale: Scale) -> Scale:
    """From 0 to a tenth of the depths shown."""
    return Scale(low=0.0, high=max(0.1 * scale.high, 0.1), is_error=True)


def error_map(prediction: DepthPrediction, truth: SparseDepth, scale: Scale) -> UInt8Array:
    """(H, W, 3) uint8 RGB absolute error where both are known; sparse truth as visible dots."""
    compared = prediction.valid & truth.valid
    error = np.where(compared, np.abs(prediction.depth - truth.depth), np.float32(-1))
    if compared.mean() < 0.3:
        spread = np.ones((5, 5), np.uint8)
        error = _floats(cv2.dilate(error.astype(np.float32), spread))
    return colorize(np.maximum(error, 0).astype(np.float32), error >= 0, scale)


def save_picture(path: Path, picture: UInt8Array) -> None:
    """Write a PNG, whole or not at all."""
    encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
    _save(path, encoded.tobytes())


def save_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    _save(path, text.encode("utf-8"))


def _save(path: Path, data: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise write_error(error, path) from error


def _error_panels(
    prediction: DepthPrediction, truth: SparseDepth, scale: Scale, width: int
) -> list[UInt8Array]:
    errors = error_scale(scale)
    picture = panel(error_map(prediction, truth, errors), "absolute error", width=width)
    return [picture, color_bar(errors, height=picture.shape[0])]


def _floats(values: cv2.typing.MatLike) -> Float32Array:
    return values.astype(np.float32, copy=False)
