# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random changes of a sample for training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from depth_completion_core.data.layers.layer import Resampling
from depth_completion_core.data.sample import Sample
from depth_completion_core.data.sampling.augment_draws import DRAWS, ImageChanges, drawn_changes
from depth_completion_core.data.sampling.augment_geometry import (
    cropped,
    flipped,
    nearer,
    resized,
    rolled,
)
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.data.sampling.corrupt import dropouts
from depth_completion_core.data.sampling.recolour import as_bytes, recoloured


def augment(sample: Sample, config: Augmentation, generator: np.random.Generator) -> Sample:
    """A changed sample that is as true as the one given, which stays as it is.

    Every setting draws its numbers whether it is on or off, so that turning one on or off leaves
    what the others do unchanged.

    Raises:
        ValueError: the crop is larger than the image is then.
    """
    height, width = sample.image.shape[:2]
    crop = config.crop_height_px, config.crop_width_px
    changes = drawn_changes(config, generator.random((DRAWS, 1)), (height, width), crop)
    sample = changed(sample, changes, crop, config.resampling)
    lost = changes.lost.item()
    if lost > 0.0 and sample.sparse is not None:
        sample = replace(sample, sparse=dropouts(sample.sparse, lost, generator))
    return sample


def changed(
    sample: Sample,
    changes: ImageChanges,
    crop: tuple[int, int],
    resampling: Resampling = "points",
) -> Sample:
    """All changes but the loss of measurements.

    Args:
        sample: as read.
        changes: of one image.
        crop: (height, width) of what is cut out; 0 for all.
        resampling: how depth is resized.

    Raises:
        ValueError: the crop is larger than the image is then.
    """
    if changes.roll_deg.item():
        sample = rolled(sample, changes.roll_deg.item())
    if changes.mirrored.item():
        sample = flipped(sample)
    width, height = changes.width_px.item(), changes.height_px.item()
    if (height, width) != sample.image.shape[:2]:
        sample = resized(sample, width, height, resampling)
    if changes.divisor.item() != 1.0:
        sample = nearer(sample, changes.divisor.item())
    crop_height, crop_width = crop[0] or height, crop[1] or width
    if (crop_height, crop_width) != (height, width):
        left, top = changes.left_px.item(), changes.top_px.item()
        sample = cropped(sample, left, top, crop_width, crop_height)
    light = (changes.brightness, changes.contrast, changes.saturation)
    return sample if all(factor.item() == 1.0 for factor in light) else _in_light(sample, changes)


def _in_light(sample: Sample, changes: ImageChanges) -> Sample:
    """All images of a sample under the same change of light."""
    images = np.stack([sample.image, *(view.image for view in sample.views)])
    colours = torch.from_numpy(images).permute(0, 3, 1, 2)[None].to(torch.float32) / 255.0
    light = (changes.brightness, changes.contrast, changes.saturation)
    found = as_bytes(recoloured(colours, *(torch.from_numpy(factor) for factor in light)))
    image, *others = found[0].permute(0, 2, 3, 1).contiguous().numpy()
    views = zip(sample.views, others, strict=True)
    return replace(
        sample, image=image, views=tuple(replace(view, image=other) for view, other in views)
    )
