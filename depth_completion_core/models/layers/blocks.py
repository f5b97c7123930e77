# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The layers that ScaffNet and FusionNet are made of.

Attribute names are the keys of the released checkpoints; renaming one breaks their import.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, relu

Activation = Literal["leaky_relu", "relu", "sigmoid", "none"]

_NEGATIVE_SLOPE = 0.2


def activated(features: Tensor, activation: Activation = "leaky_relu") -> Tensor:
    """Features after an activation, in place; that of completion is a leaky ReLU of slope 0.2."""
    if activation == "leaky_relu":
        return leaky_relu(features, _NEGATIVE_SLOPE, inplace=True)
    if activation == "relu":
        return relu(features, inplace=True)
    return torch.sigmoid(features) if activation == "sigmoid" else features


class ConvBlock(nn.Module):
    """Convolution without bias, optional batch norm, activation; keeps the size at stride 1."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_px: int = 3,
        stride: int = 1,
        batch_norm: bool = False,
        activation: Activation = "leaky_relu",
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel_px, stride, padding=kernel_px // 2, bias=False
        )
        nn.init.xavier_normal_(self.conv.weight)
        # Assigned only where it is used, so that printing and keys show none elsewhere.
        if batch_norm:
            self.batch_norm = nn.BatchNorm2d(out_channels)
        self.normalizes = batch_norm
        self.activation = activation

    def forward(self, features: Tensor) -> Tensor:
        """(B, in, H, W) to (B, out, ceil(H / stride), ceil(W / stride))."""
        features = self.conv(features)
        if self.normalizes:
            features = self.batch_norm(features)
        return activated(features, self.activation)


class VggBlock(nn.Module):
    """3x3 convolutions in a row, the last one with stride 2."""

    def __init__(
        self, in_channels: int, out_channels: int, *, conv_count: int, batch_norm: bool
    ) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            *(
                ConvBlock(
                    out_channels if index else in_channels,
                    out_channels,
                    stride=2 if index == conv_count - 1 else 1,
                    batch_norm=batch_norm,
                )
                for index in range(conv_count)
            )
        )

    def forward(self, features: Tensor) -> Tensor:
        """(B, in, H, W) to (B, out, ceil(H / 2), ceil(W / 2))."""
        halved: Tensor = self.conv_block(features)
        return halved


class ResNetBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al., CVPR 2016), as ScaffNet's release has it.

    It differs from torchvision's: the second convolution is activated before the sum, too.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        stride: int,
        batch_norm: bool,
        activation: Activation = "leaky_relu",
    ) -> None:
        super().__init__()
        self.activation = activation
        self.conv1 = ConvBlock(
            in_channels, out_channels, stride=stride, batch_norm=batch_norm, activation=activation
        )
        self.conv2 = ConvBlock(
            out_channels, out_channels, batch_norm=batch_norm, activation=activation
        )
        # Only where shapes differ: a parameter that no output depends on stalls distributed
        # training.
        self.projection: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.projection = ConvBlock(
                in_channels, out_channels, kernel_px=1, stride=stride, activation="none"
            )

    def forward(self, features: Tensor) -> Tensor:
        """(B, in, H, W) to (B, out, ceil(H / stride), ceil(W / stride))."""
        new = self.conv2(self.conv1(features)) + self.projection(features)
        return activated(new, self.activation)


class Upsample(nn.Module):
    """Nearest-neighbour upsampling to a given size, then a 3x3 convolution."""

    def __init__(self, in_channels: int, out_channels: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.conv = ConvBlock(in_channels, out_channels, batch_norm=batch_norm)

    def forward(self, features: Tensor, size: tuple[int, int]) -> Tensor:
        """(B, in, h, w) to (B, out, H, W)."""
        upsampled: Tensor = self.conv(interpolate(features, size=size, mode="nearest"))
        return upsampled


class UpBlock(nn.Module):
    """One step of a decoder: upsample, join what the encoder had at that size, convolve."""

    def __init__(
        self, in_channels: int, skip_channels: int, out_channels: int, *, batch_norm: bool
    ) -> None:
        super().__init__()
        self.deconv = Upsample(in_channels, out_channels, batch_norm=batch_norm)
        self.conv = ConvBlock(out_channels + skip_channels, out_channels, batch_norm=batch_norm)

    def forward(self, features: Tensor, skip: Tensor | None, size: tuple[int, int]) -> Tensor:
        """(B, in, h, w) and the skip (B, skip, H, W), or None for none, to (B, out, H, W)."""
        features = self.deconv(features, size)
        if skip is not None:
            features = torch.cat([features, skip], dim=1)
        convolved: Tensor = self.conv(features)
        return convolved
