# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled pictures in rows and columns."""

from __future__ import annotations

import cv2
import numpy as np

from depth_completion_core.geometry.arrays import UInt8Array

LABEL_HEIGHT_PX = 26
PAPER = (24, 24, 28)
_INK = (235, 235, 235)


def panel(picture: UInt8Array, label: str, *, width: int) -> UInt8Array:
    """A picture resized to a width in pixels, with a label above it."""
    height = max(round(picture.shape[0] * width / picture.shape[1]), 1)
    shrinks = width < picture.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    resized = cv2.resize(picture, (width, height), interpolation=method)
    strip = np.full((LABEL_HEIGHT_PX, width, 3), PAPER, dtype=np.uint8)
    write_text(strip, label, (6, LABEL_HEIGHT_PX - 8))
    return np.vstack([strip, np.asarray(resized, dtype=np.uint8)])


def beside(*panels: UInt8Array) -> UInt8Array:
    """Panels in a row; shorter ones are padded at the bottom."""
    height = max(item.shape[0] for item in panels)
    return np.hstack([_padded(item, height, item.shape[1]) for item in panels])


def stacked(*rows: UInt8Array) -> UInt8Array:
    """Rows below each other; narrower ones are padded on the right."""
    width = max(item.shape[1] for item in rows)
    return np.vstack([_padded(item, item.shape[0], width) for item in rows])


def title(text: str, *, width: int) -> UInt8Array:
    """A line of text as a strip of the given width."""
    strip = np.full((LABEL_HEIGHT_PX + 6, width, 3), PAPER, dtype=np.uint8)
    write_text(strip, text, (6, LABEL_HEIGHT_PX - 4), size=0.55)
    return strip


def write_text(canvas: UInt8Array, text: str, at: tuple[int, int], size: float = 0.45) -> None:
    """Write text onto a canvas; ``at`` is the lower left corner (x, y) in pixels."""
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, _INK, 1, cv2.LINE_AA)


def upward_text(lines: tuple[str, ...], *, height: int) -> UInt8Array:
    """Lines of text that read from the bottom to the top, (height, W, 3).

    Lines that are longer than the height are written smaller.
    """
    line_height, margin = 14, 4
    strip = np.full((line_height * len(lines) + margin, height, 3), PAPER, dtype=np.uint8)
    for number, line in enumerate(lines, 1):
        (length, _), _ = cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, 0.4, 1)
        size = 0.4 * min(1.0, (height - 2 * margin) / length)
        write_text(strip, line, (margin, line_height * number - margin), size)
    return np.ascontiguousarray(np.rot90(strip))


def _padded(picture: UInt8Array, height: int, width: int) -> UInt8Array:
    canvas = np.full((height, width, 3), PAPER, dtype=np.uint8)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    return canvas
