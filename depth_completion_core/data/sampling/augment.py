# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random changes of samples for training, in the order of their settings."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from depth_completion_core.data.sample import Sample
from depth_completion_core.data.sampling.augment_geometry import (
    cropped,
    flipped,
    nearer,
    resized,
    rolled,
)
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.data.sampling.corrupt import dropouts
from depth_completion_core.geometry.arrays import UInt8Array


def augment(sample: Sample, config: Augmentation, generator: np.random.Generator) -> Sample:
    """A changed sample that is as true as the one given, which stays as it is.

    Every setting draws its numbers whether it is on or off, so that turning one on or off leaves
    what the others do unchanged.

    Raises:
        ValueError: the crop is larger than the image is then.
    """
    angle = generator.uniform(-config.roll_deg, config.roll_deg)
    flips = generator.random() < config.flip
    zoom = generator.uniform(config.zoom_min, config.zoom_max)
    places = generator.random(2)
    factors = 1.0 + generator.uniform(-1.0, 1.0, 3) * (
        config.brightness,
        config.contrast,
        config.saturation,
    )
    lost = generator.uniform(config.remove_min, config.remove_max)
    if angle:
        sample = rolled(sample, angle)
    if flips:
        sample = flipped(sample)
    if zoom != 1.0:
        sample = zoomed(sample, zoom, divide_depth=config.zoom_divides_depth)
    sample = _crop(sample, config, places[0], places[1])
    if np.any(factors != 1.0):
        sample = recoloured(sample, *factors)
    if lost > 0.0 and sample.sparse is not None:
        sample = replace(sample, sparse=dropouts(sample.sparse, lost, generator))
    return sample


def zoomed(sample: Sample, factor: float, *, divide_depth: bool) -> Sample:
    """Enlarged by a factor, and nearer by it where ``divide_depth``."""
    height, width = sample.image.shape[:2]
    sample = resized(sample, round(width * factor), round(height * factor))
    return nearer(sample, factor) if divide_depth else sample


def recoloured(sample: Sample, brightness: float, contrast: float, saturation: float) -> Sample:
    """All images under the same change of light: factors of brightness, contrast, saturation.

    Contrast turns about the mean grey of the sample's own image, for the other views too.
    """
    mean = float(cv2.cvtColor(sample.image, cv2.COLOR_RGB2GRAY).mean()) * brightness

    def change(image: UInt8Array) -> UInt8Array:
        colours = image.astype(np.float32) * np.float32(brightness)
        colours = (colours - np.float32(mean)) * np.float32(contrast) + np.float32(mean)
        grey = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)[..., None]
        colours = (colours - grey) * np.float32(saturation) + grey
        changed: UInt8Array = np.rint(colours).clip(0, 255).astype(np.uint8)
        return changed

    return replace(
        sample,
        image=change(sample.image),
        views=tuple(replace(view, image=change(view.image)) for view in sample.views),
    )


def _crop(sample: Sample, config: Augmentation, across: float, down: float) -> Sample:
    full_height, full_width = sample.image.shape[:2]
    width, height = config.crop_width_px or full_width, config.crop_height_px or full_height
    if (width, height) == (full_width, full_height):
        return sample
    left = _start(full_width - width, config.crop_horizontal, across)
    top = _start(full_height - height, config.crop_vertical, down)
    return cropped(sample, left, top, width, height)


def _start(room: int, where: str, draw: float) -> int:
    """The first pixel of a crop that leaves ``room`` pixels; ``draw`` is uniform in [0, 1)."""
    if where == "anchored":
        return (0, room // 2, room)[int(draw * 3)]
    fixed = {"top": 0, "centre": room // 2, "bottom": room}
    return fixed.get(where, int(draw * (room + 1)))
