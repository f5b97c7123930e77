# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random changes of the frames of a bank, as settings."""

from __future__ import annotations

from dataclasses import dataclass

from depth_completion_core.settings.fields import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAugmentation:
    """How frames are changed; by default they are not."""

    flip: float = setting(0.0, low=0.0, high=1.0)
    """Probability that left and right are swapped."""
    zoom_max: float = setting(1.0, low=1.0)
    """Images are enlarged by up to this factor, as by a longer lens: depth stays."""
    crop_width_px: int = setting(0, low=0)
    """Width of what is cut out anywhere afterwards; 0 for all, at most that of the frames."""
    crop_height_px: int = setting(0, low=0)
    """Height of what is cut out; 0 for all."""
    brightness: float = setting(0.0, low=0.0, high=1.0)
    """Colours are multiplied by a factor that is off from 1 by up to this."""
    contrast: float = setting(0.0, low=0.0, high=1.0)
    """Likewise their difference from the mean of the image."""
    saturation: float = setting(0.0, low=0.0, high=1.0)
    """Likewise their difference from grey."""
