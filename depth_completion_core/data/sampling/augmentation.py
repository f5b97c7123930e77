# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which random changes of images there are, and how far they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from depth_completion_core.settings.fields import ConfigError, setting

Place = Literal["random", "centre", "anchored"]
"""Of a crop; anchored: at one end, in the middle, or at the other end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How images are changed, in the order of the settings; by default they are not."""

    roll_deg: float = setting(0.0, low=0.0, high=180.0)
    """The picture is turned by up to so much to either side, degrees."""
    flip: float = setting(0.0, low=0.0, high=1.0)
    """Probability that left and right are swapped."""
    zoom_min: float = setting(1.0, low=0.1)
    """The image is enlarged by at least this factor; below 1 it is made smaller."""
    zoom_max: float = setting(1.0, low=0.1)
    """... and at most this one; its logarithm is uniform between them."""
    zoom_divides_depth: bool = True
    """Depth is divided by the factor, as if the enlarged things were nearer."""
    crop_width_px: int = setting(0, low=0)
    """Width of what is cut out afterwards; 0 for all, and for a bank the width of its frames."""
    crop_height_px: int = setting(0, low=0)
    """Height of what is cut out; 0 likewise."""
    crop_horizontal: Place = "random"
    """Where from left to right; anchored: left, middle or right."""
    crop_vertical: Literal["random", "centre", "anchored", "top", "bottom"] = "random"
    """Where from top to bottom; lidars see nothing at the top, so that KITTI is cut at bottom."""
    brightness: float = setting(0.0, low=0.0, high=1.0)
    """Colours are multiplied by a factor that is off from 1 by up to this."""
    contrast: float = setting(0.0, low=0.0, high=1.0)
    """Likewise their difference from the mean of the image."""
    saturation: float = setting(0.0, low=0.0, high=1.0)
    """Likewise their difference from grey."""
    remove_min: float = setting(0.0, low=0.0, high=1.0)
    """Sparse points are lost with a probability of at least this, drawn for each sample."""
    remove_max: float = setting(0.0, low=0.0, high=1.0)
    """... and at most this."""

    def __post_init__(self) -> None:
        if self.zoom_min > self.zoom_max or self.remove_min > self.remove_max:
            raise ConfigError(
                f"an augmentation zooms from {self.zoom_min:g} to {self.zoom_max:g} and removes "
                f"from {self.remove_min:g} to {self.remove_max:g}: the smaller number is the min"
            )
