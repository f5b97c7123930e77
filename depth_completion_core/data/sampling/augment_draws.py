# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of an augmentation -> what is done to each image: one law for samples and batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.sampling.augmentation import Augmentation

Float64Array = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]

DRAWS = 9
"""Random numbers that each image takes, whichever settings are on."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ImageChanges:
    """What is done to B images of one size, in this order; arrays are (B,).

    Attributes:
        roll_deg: the picture is turned counter-clockwise, degrees.
        mirrored: left and right are swapped.
        width_px: it is enlarged to this width, pixels. Likewise ``height_px``.
        divisor: depth is divided by this.
        left_px: first column of what is cut out then, pixels. Likewise ``top_px``, the first row.
        brightness: colours are multiplied by this. Likewise ``contrast`` and ``saturation``.
        lost: share of the measurements that is dropped.
    """

    roll_deg: Float64Array
    mirrored: npt.NDArray[np.bool_]
    width_px: Int64Array
    height_px: Int64Array
    divisor: Float64Array
    left_px: Int64Array
    top_px: Int64Array
    brightness: Float64Array
    contrast: Float64Array
    saturation: Float64Array
    lost: Float64Array


def drawn_changes(
    config: Augmentation, draws: Float64Array, size: tuple[int, int], crop: tuple[int, int]
) -> ImageChanges:
    """What settings and random numbers amount to.

    Args:
        config: how far images are changed.
        draws: (DRAWS, B) uniform numbers in [0, 1).
        size: (height, width) of the images, pixels.
        crop: (height, width) of what is cut out; 0 for all that there is after the zoom.
    """
    roll, flip, zoom, across, down, bright, contrast, saturate, lost = draws
    factor = _between(config.zoom_min, config.zoom_max, zoom)
    if config.zoom_spread == "logarithmic":
        # Twice as large and half as large are equally far from 1.
        factor = config.zoom_min * (config.zoom_max / config.zoom_min) ** zoom
    divisor = factor / config.zoom_of_true_size
    height_px = np.rint(size[0] * factor).astype(np.int64)
    width_px = np.rint(size[1] * factor).astype(np.int64)
    return ImageChanges(
        roll_deg=_between(-config.roll_deg, config.roll_deg, roll),
        mirrored=flip < config.flip,
        width_px=width_px,
        height_px=height_px,
        divisor=divisor if config.zoom_divides_depth else np.ones_like(factor),
        left_px=_starts(width_px - crop[1], config.crop_horizontal, across) * (crop[1] > 0),
        top_px=_starts(height_px - crop[0], config.crop_vertical, down) * (crop[0] > 0),
        brightness=_between(1.0 - config.brightness, 1.0 + config.brightness, bright),
        contrast=_between(1.0 - config.contrast, 1.0 + config.contrast, contrast),
        saturation=_between(1.0 - config.saturation, 1.0 + config.saturation, saturate),
        lost=_between(config.remove_min, config.remove_max, lost),
    )


def _between(low: float, high: float, draw: Float64Array) -> Float64Array:
    return low + (high - low) * draw


def _starts(room: Int64Array, where: str, draw: Float64Array) -> Int64Array:
    """The first pixels of crops that leave ``room`` pixels."""
    anchors = (np.zeros_like(room), room // 2, room)
    fixed = {"top": 0, "centre": 1, "bottom": 2}
    if where in fixed:
        return anchors[fixed[where]]
    if where == "anchored":
        return np.choose((draw * len(anchors)).astype(np.int64), anchors)
    return np.floor(draw * (room + 1)).astype(np.int64)
