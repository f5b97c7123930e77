# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The stages of ResNet (He et al., CVPR 2016), under the names that ImageNet's weights have.

The block with a bottleneck strides in its 3x3 convolution, as those weights were trained.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.functional import relu

from depth_completion_core.models.configs.checks import ResNetTrunk


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    expansion = 1

    def __init__(self, in_channels: int, width: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = _conv3x3(in_channels, width, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _conv3x3(width, width, 1)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(in_channels, width, stride)

    def forward(self, features: Tensor) -> Tensor:
        """(B, in, H, W) to (B, width, ceil(H / stride), ceil(W / stride))."""
        new = relu(self.bn1(self.conv1(features)))
        new = self.bn2(self.conv2(new))
        return relu(new + _shortened(self.downsample, features))


class Bottleneck(nn.Module):
    """A 3x3 convolution between two of 1x1, beside a shortcut."""

    expansion = 4

    def __init__(self, in_channels: int, width: int, *, stride: int) -> None:
        super().__init__()
        out_channels = width * self.expansion
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _conv3x3(width, width, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.downsample = _shortcut(in_channels, out_channels, stride)

    def forward(self, features: Tensor) -> Tensor:
        """(B, in, H, W) to (B, 4 width, ceil(H / stride), ceil(W / stride))."""
        new = relu(self.bn1(self.conv1(features)))
        new = relu(self.bn2(self.conv2(new)))
        new = self.bn3(self.conv3(new))
        return relu(new + _shortened(self.downsample, features))


class _Kind(NamedTuple):
    block: type[BasicBlock] | type[Bottleneck]
    counts: tuple[int, int, int, int]


_KINDS: dict[ResNetTrunk, _Kind] = {
    "resnet18": _Kind(BasicBlock, (2, 2, 2, 2)),
    "resnet34": _Kind(BasicBlock, (3, 4, 6, 3)),
    "resnet50": _Kind(Bottleneck, (3, 4, 6, 3)),
}
_WIDTHS = (64, 128, 256, 512)


def resnet_expansion(trunk: ResNetTrunk) -> int:
    """Channels that a stage gives for each of its width: 1, or 4 with bottlenecks."""
    return _KINDS[trunk].block.expansion


def resnet_stages(trunk: ResNetTrunk) -> list[nn.Sequential]:
    """The four stages, for 64 channels; all but the first halve the size.

    Args:
        trunk: which ResNet.

    Returns:
        Stages of 64, 128, 256 and 512 channels times :func:`resnet_expansion`.
    """
    block, counts = _KINDS[trunk]
    stages, channels = [], _WIDTHS[0]
    for level, (width, count) in enumerate(zip(_WIDTHS, counts, strict=True)):
        blocks: list[nn.Module] = []
        for number in range(count):
            stride = 2 if level and number == 0 else 1
            blocks.append(block(channels, width, stride=stride))
            channels = width * block.expansion
        stages.append(nn.Sequential(*blocks))
    return stages


def _conv3x3(in_channels: int, out_channels: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)


def _shortcut(in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    """A projection where shapes differ; None, which has no keys, where they do not."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
    )


def _shortened(shortcut: nn.Sequential | None, features: Tensor) -> Tensor:
    if shortcut is None:
        return features
    projected: Tensor = shortcut(features)
    return projected
