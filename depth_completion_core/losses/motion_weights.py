# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What images of a moving camera weigh beside measurements; recipes read it without torch."""

from __future__ import annotations

from dataclasses import dataclass

from depth_completion_core.settings.fields import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionLossConfig:
    """How further views teach depth: by what they look like through it."""

    w_photometric: float = setting(1.0, low=0.0)
    """Of each pixel's least difference from a view, 0.85 of structure and 0.15 of colour."""
    w_smoothness: float = setting(0.001, low=0.0)
    """Of inverse depth, over its mean, that changes where the image does not."""
    w_prior: float = setting(0.05, low=0.0)
    """Of the absolute logarithm of depth over ScaffNet's, where that explains the views as well."""
    auto_mask: bool = True
    """Leave out pixels that look more alike in a view as it is: of what moves along, or of a camera
    that stands still."""
    halvings: int = setting(2, low=0, high=5)
    """Images are compared at their size, and at so many halved ones: motion may be that large."""
