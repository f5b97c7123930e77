# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How much an image differs from the same view, made of another image."""

from __future__ import annotations

from typing import Literal, NamedTuple

from torch import Tensor

from depth_completion_core.losses.window_mean import window_mean

Channels = Literal["sum", "mean"]
"""What becomes of the three colours of a pixel: their sum, as in FusionNet, or their mean, as in
PackNet-SfM."""

_C1, _C2 = 0.01**2, 0.03**2  # of Wang et al., for images in 0..1


class LocalStatistics(NamedTuple):
    """An image with its means and variances over 3x3 pixels, made once for all its views.

    Attributes:
        image: (B, C, H, W) in 0..1.
        mean: (B, C, H, W).
        variance: (B, C, H, W), divided by the number of pixels.
    """

    image: Tensor
    mean: Tensor
    variance: Tensor

    @classmethod
    def of(cls, image: Tensor) -> LocalStatistics:
        """Of an image (B, C, H, W) in 0..1, at least 2 pixels high and wide."""
        mean, squares = window_mean(image), window_mean(image.square())
        return cls(image, mean, squares - mean.square())


def color_error(target: Tensor, image: Tensor, *, channels: Channels) -> Tensor:
    """Absolute difference of colours.

    Args:
        target: (B, C, H, W).
        image: (B, C, H, W), as the target would be if depth and motion were right.
        channels: what becomes of them.

    Returns:
        (B, 1, H, W), no reduction over pixels.
    """
    return _over_channels((image - target).abs(), channels)


def structure_error(target: LocalStatistics, image: Tensor, *, channels: Channels) -> Tensor:
    """(1 - SSIM) / 2, between 0 and 1 for each channel.

    Args:
        target: of an image in 0..1.
        image: (B, C, H, W), as the target would be if depth and motion were right.
        channels: what becomes of them.

    Returns:
        (B, 1, H, W), no reduction over pixels.
    """
    return _over_channels(((1 - ssim(target, image)) / 2).clamp(0.0, 1.0), channels)


def photometric_error(
    target: LocalStatistics,
    image: Tensor,
    *,
    ssim_weight: float = 0.85,
    channels: Channels = "mean",
) -> Tensor:
    """Structure and colour in one, as in monodepth2 and PackNet-SfM.

    Args:
        target: of an image in 0..1.
        image: (B, C, H, W), as the target would be if depth and motion were right.
        ssim_weight: of structure; the rest is that of colour.
        channels: what becomes of them.

    Returns:
        (B, 1, H, W), no reduction over pixels.
    """
    structure = structure_error(target, image, channels=channels)
    color = color_error(target.image, image, channels=channels)
    return ssim_weight * structure + (1 - ssim_weight) * color


def ssim(target: LocalStatistics, image: Tensor) -> Tensor:
    """Structural similarity over 3x3 pixels, (B, C, H, W) from -1 to 1.

    With C1 = 0.01^2 and C2 = 0.03^2 (Wang et al., "Image Quality Assessment: From Error Visibility
    to Structural Similarity", TIP 2004).
    """
    other = LocalStatistics.of(image)
    means = target.mean * other.mean
    covariance = window_mean(target.image * image) - means
    similar = (2 * means + _C1) * (2 * covariance + _C2)
    squares = target.mean.square() + other.mean.square() + _C1
    return similar / (squares * (target.variance + other.variance + _C2))


def _over_channels(errors: Tensor, channels: Channels) -> Tensor:
    if channels == "sum":
        return errors.sum(dim=1, keepdim=True)
    return errors.mean(dim=1, keepdim=True)
