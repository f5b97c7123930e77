# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Colours as networks that began with ImageNet's weights want them."""

from __future__ import annotations

from torch import Tensor

_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)


def imagenet_normalized(image: Tensor) -> Tensor:
    """(B, 3, H, W) RGB in 0..1, less ImageNet's mean and divided by its standard deviation."""
    mean = image.new_tensor(_MEAN)[:, None, None]
    deviation = image.new_tensor(_DEVIATION)[:, None, None]
    return (image - mean) / deviation
