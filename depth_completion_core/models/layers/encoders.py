# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The encoders of ScaffNet and FusionNet: five levels, each half as large as the last."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from depth_completion_core.models.configs.checks import LEVELS, Encoder
from depth_completion_core.models.configs.vgg import VGG_CONV_COUNTS
from depth_completion_core.models.layers.blocks import (
    Activation,
    ConvBlock,
    ResNetBlock,
    VggBlock,
)


class VggEncoder(nn.Module):
    """Five levels of convolutions with stride instead of pooling (Simonyan and Zisserman 2015).

    Args:
        in_channels: channels of the input.
        filters: output channels of the five levels.
        conv_counts: convolutions of the five levels; the first level has one, of 5x5.
        batch_norm: whether every convolution is normalised.
    """

    def __init__(
        self,
        in_channels: int,
        filters: tuple[int, ...],
        *,
        conv_counts: tuple[int, ...],
        batch_norm: bool,
    ) -> None:
        super().__init__()
        self.conv1 = ConvBlock(
            in_channels, filters[0], kernel_px=5, stride=2, batch_norm=batch_norm
        )
        self.conv2, self.conv3, self.conv4, self.conv5 = (
            VggBlock(
                filters[level - 1],
                filters[level],
                conv_count=conv_counts[level],
                batch_norm=batch_norm,
            )
            for level in range(1, LEVELS)
        )

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """(B, in, H, W) to the five levels, (B, filters, H / 2, W / 2) first, rounded up."""
        levels: list[Tensor] = [self.conv1(inputs)]
        for stage in (self.conv2, self.conv3, self.conv4, self.conv5):
            levels.append(stage(levels[-1]))
        return levels


class ResNet18Encoder(nn.Module):
    """Five levels of ResNet-18 (He et al., CVPR 2016), of any width.

    Args:
        in_channels: channels of the input.
        filters: output channels of the five levels.
        batch_norm: whether convolutions are normalised, except those of the shortcuts.
        activation: of every convolution.
    """

    def __init__(
        self,
        in_channels: int,
        filters: tuple[int, ...],
        *,
        batch_norm: bool,
        activation: Activation = "leaky_relu",
    ) -> None:
        super().__init__()
        self.conv1 = ConvBlock(
            in_channels,
            filters[0],
            kernel_px=7,
            stride=2,
            batch_norm=batch_norm,
            activation=activation,
        )
        self.conv2, self.conv3, self.conv4, self.conv5 = (
            nn.Sequential(
                # The pooling in front halves the second level already.
                ResNetBlock(
                    filters[level - 1],
                    filters[level],
                    stride=1 if level == 1 else 2,
                    batch_norm=batch_norm,
                    activation=activation,
                ),
                ResNetBlock(
                    filters[level],
                    filters[level],
                    stride=1,
                    batch_norm=batch_norm,
                    activation=activation,
                ),
            )
            for level in range(1, LEVELS)
        )

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """(B, in, H, W) to the five levels, (B, filters, H / 2, W / 2) first, rounded up."""
        first: Tensor = self.conv1(inputs)
        second: Tensor = self.conv2(max_pool2d(first, kernel_size=3, stride=2, padding=1))
        third: Tensor = self.conv3(second)
        fourth: Tensor = self.conv4(third)
        return [first, second, third, fourth, self.conv5(fourth)]


def build_encoder(
    name: Encoder, in_channels: int, filters: tuple[int, ...], *, batch_norm: bool
) -> VggEncoder | ResNet18Encoder:
    """Build the encoder of a name; see :class:`VggEncoder` for the rest."""
    if name == "resnet18":
        return ResNet18Encoder(in_channels, filters, batch_norm=batch_norm)
    return VggEncoder(
        in_channels, filters, conv_counts=VGG_CONV_COUNTS[name], batch_norm=batch_norm
    )
