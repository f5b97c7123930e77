# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A whole ResNet under the names of ImageNet's weights (torchvision's), its classifier included."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from depth_completion_core.models.configs.checks import ResNetTrunk
from depth_completion_core.models.layers.resnet import resnet_expansion, resnet_stages

_FIRST = 64  # channels of the first convolution
_WIDTHS = (64, 128, 256, 512)
_CLASSES = 1000


class ImageNetResNet(nn.Module):
    """Five levels of features, each half as large as the last.

    The classifier, which nothing uses, is part of releases that keep torchvision's network whole.
    It is frozen: distributed training waits for the gradient of everything that learns.

    Args:
        trunk: which ResNet.
        images: how many images it sees at once.

    Attributes:
        channels: of the levels.
    """

    def __init__(self, trunk: ResNetTrunk, *, images: int = 1) -> None:
        super().__init__()
        wide = resnet_expansion(trunk)
        self.channels = (_FIRST, *(width * wide for width in _WIDTHS))
        self.conv1 = nn.Conv2d(3 * images, _FIRST, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(_FIRST)
        self.layer1, self.layer2, self.layer3, self.layer4 = resnet_stages(trunk)
        self.fc = nn.Linear(self.channels[-1], _CLASSES).requires_grad_(False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(B, 3 images, H, W) to the levels, (B, 64, H / 2, W / 2) first, rounded up."""
        first: Tensor = relu(self.bn1(self.conv1(images)))
        levels = [first, self.layer1(max_pool2d(first, kernel_size=3, stride=2, padding=1))]
        for stage in (self.layer2, self.layer3, self.layer4):
            levels.append(stage(levels[-1]))
        return levels
