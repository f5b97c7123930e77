# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which random changes of images there are, and how far they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from depth_completion_core.data.layers.layer import Resampling
from depth_completion_core.settings.fields import ConfigError, setting

Place = Literal["random", "centre", "anchored"]
"""Of a crop; anchored: at one end, in the middle, or at the other end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How images are augmented, in the order of the settings; by default they are not."""

    roll_deg: float = setting(0.0, low=0.0, high=180.0)
    """Largest rotation of the image to either side, degrees."""
    flip: float = setting(0.0, low=0.0, high=1.0)
    """Probability that left and right are swapped."""
    zoom_min: float = setting(1.0, low=0.1)
    """The image is enlarged by at least this factor; below 1 it is shrunk."""
    zoom_max: float = setting(1.0, low=0.1)
    """... and at most this one."""
    zoom_spread: Literal["logarithmic", "even"] = "logarithmic"
    """Whether the factor's logarithm is uniform between them, or the factor itself."""
    zoom_divides_depth: bool = True
    """Divide depth by the factor, as if the enlarged objects were nearer."""
    zoom_of_true_size: float = setting(1.0, low=0.1)
    """The factor that leaves depth as it is, such as 0.5 where images are halved in any case."""
    resampling: Resampling = "points"
    """How the zoom resizes depth. points: each measurement moves to the pixel that it falls into,
    true depth is that of the nearest pixel. nearest: measurements, too. bilinear: true depth and
    colours are blended, holes included, as by Pillow."""
    crop_width_px: int = setting(0, low=0)
    """Width of the crop taken afterwards; 0 for all, or for a bank the width of its frames."""
    crop_height_px: int = setting(0, low=0)
    """Height of the crop; 0 likewise."""
    crop_horizontal: Place = "random"
    """Horizontal position of the crop; anchored: left, middle or right."""
    crop_vertical: Literal["random", "centre", "anchored", "top", "bottom"] = "random"
    """Vertical position; KITTI is cropped at the bottom, because lidars see nothing at the top."""
    brightness: float = setting(0.0, low=0.0, high=1.0)
    """Colours are multiplied by a factor that differs from 1 by up to this."""
    contrast: float = setting(0.0, low=0.0, high=1.0)
    """The same for their difference from the mean of the image."""
    saturation: float = setting(0.0, low=0.0, high=1.0)
    """The same for their difference from grey."""
    remove_min: float = setting(0.0, low=0.0, high=1.0)
    """Sparse points are removed with a probability of at least this, sampled for each sample."""
    remove_max: float = setting(0.0, low=0.0, high=1.0)
    """... and at most this."""

    def __post_init__(self) -> None:
        if self.zoom_min > self.zoom_max or self.remove_min > self.remove_max:
            raise ConfigError(
                f"an augmentation zooms from {self.zoom_min:g} to {self.zoom_max:g} and removes "
                f"from {self.remove_min:g} to {self.remove_max:g}: the smaller number is the min"
            )
