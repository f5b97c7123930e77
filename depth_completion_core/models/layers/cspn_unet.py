# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CSPN's network: a ResNet, and a decoder of up-projections with skips (Cheng et al., ECCV 2018).

The release doubles a map by putting zeros between its pixels and convolves that. Here this is one
transposed convolution, which leaves the zeros out: the same sums with a quarter of the work. Its
weights are the release's, turned by half a circle.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from depth_completion_core.models.configs.checks import ResNetTrunk
from depth_completion_core.models.layers.resnet import resnet_expansion, resnet_stages

NEIGHBOURS = 8
_SKIP = 64  # channels of the first convolution

Size = tuple[int, int]


class CSPNUNet(nn.Module):
    """Colours and sparse depth to dense depth and the guidance of its propagation.

    Args:
        trunk: which ResNet.
        depth_channels: of what is seen beside the colours.
        first_step_px: height and width after the decoder's first step; empty for those of the
            encoder's third stage.
    """

    def __init__(
        self,
        trunk: ResNetTrunk,
        *,
        depth_channels: int = 1,
        first_step_px: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        self.first_step_px = first_step_px
        wide = resnet_expansion(trunk)
        bottom = 512 * wide
        self.conv1_1 = nn.Conv2d(3 + depth_channels, _SKIP, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(_SKIP)
        self.layer1, self.layer2, self.layer3, self.layer4 = resnet_stages(trunk)
        self.conv2 = nn.Conv2d(bottom, bottom, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(bottom)
        self.gud_up_proj_layer1 = UpProjection(bottom, 256 * wide, has_skip=False)
        self.gud_up_proj_layer2 = UpProjection(256 * wide, 128 * wide)
        self.gud_up_proj_layer3 = UpProjection(128 * wide, 64 * wide)
        self.gud_up_proj_layer4 = UpProjection(64 * wide, _SKIP)
        self.gud_up_proj_layer5 = Enlargement(_SKIP, 1, kernel_px=3)
        self.gud_up_proj_layer6 = Enlargement(_SKIP, NEIGHBOURS, kernel_px=3)

    def forward(self, image: Tensor, depths: Tensor) -> tuple[Tensor, Tensor]:
        """Dense depth (B, 1, H, W), as it comes, and guidance (B, 8, H, W).

        Args:
            image: (B, 3, H, W), as the network was trained to see colours.
            depths: (B, depth_channels, H, W), sparse depth first.
        """
        half = self.conv1_1(torch.cat([image, depths], dim=1))
        quarter = self.layer1(max_pool2d(relu(self.bn1(half)), 3, stride=2, padding=1))
        eighth = self.layer2(quarter)
        sixteenth = self.layer3(eighth)
        bottom = self.bn2(self.conv2(self.layer4(sixteenth)))
        first = _size(sixteenth)
        if self.first_step_px:
            first = (self.first_step_px[0], self.first_step_px[1])
        decoded = self.gud_up_proj_layer1(bottom, first, None)
        decoded = self.gud_up_proj_layer2(decoded, _size(eighth), eighth)
        decoded = self.gud_up_proj_layer3(decoded, _size(quarter), quarter)
        decoded = self.gud_up_proj_layer4(decoded, _size(half), half)
        # Half precision would round 10 m to 4 cm.
        with torch.autocast(image.device.type, enabled=False):
            depth = self.gud_up_proj_layer5.enlarge(decoded.float(), _size(image))
        return depth, self.gud_up_proj_layer6.enlarge(decoded, _size(image))


class Enlargement(nn.ConvTranspose2d):
    """Zeros between the pixels, then a convolution, as one transposed convolution."""

    def __init__(self, in_channels: int, out_channels: int, *, kernel_px: int) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_px,
            stride=2,
            padding=kernel_px // 2,
            output_padding=1,
            bias=False,
        )
        # What torch does for the convolution that this one stands for.
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5), mode="fan_out")

    def enlarge(self, features: Tensor, size_px: Size) -> Tensor:
        """(B, in, h, w) to (B, out, H, W) of a size of at most twice the input's."""
        height, width = size_px
        # What lies beyond the wanted size takes no part in the convolution.
        kept = features[..., : (height + 1) // 2, : (width + 1) // 2]
        return self(kept)[..., :height, :width]  # type: ignore[no-any-return]


class UpProjection(nn.Module):
    """Twice the size, beside a shortcut of its own; skips are joined between the convolutions."""

    def __init__(self, in_channels: int, out_channels: int, *, has_skip: bool = True) -> None:
        super().__init__()
        self.conv1 = Enlargement(in_channels, out_channels, kernel_px=5)
        self.bn1 = nn.BatchNorm2d(out_channels)
        if has_skip:
            self.conv1_1 = nn.Conv2d(2 * out_channels, out_channels, 3, padding=1, bias=False)
            self.bn1_1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.sc_conv1 = Enlargement(in_channels, out_channels, kernel_px=5)
        self.sc_bn1 = nn.BatchNorm2d(out_channels)

    def forward(self, features: Tensor, size_px: Size, skip: Tensor | None) -> Tensor:
        """(B, in, h, w), and the skip (B, out, H, W) where there is one, to (B, out, H, W)."""
        new = relu(self.bn1(self.conv1.enlarge(features, size_px)))
        if skip is not None:
            new = relu(self.bn1_1(self.conv1_1(torch.cat([new, skip], dim=1))))
        new = self.bn2(self.conv2(new))
        return relu(new + self.sc_bn1(self.sc_conv1.enlarge(features, size_px)))


def _size(features: Tensor) -> Size:
    return features.shape[-2], features.shape[-1]
