# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The PoseResNet of PackNet-SfM: a ResNet that sees two images, after monodepth2's.

Guizilini et al., "3D Packing for Self-Supervised Monocular Depth Estimation", CVPR 2020; Godard et
al., "Digging into Self-Supervised Monocular Depth Prediction", ICCV 2019. Names are the keys of
PackNet-SfM's release.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from depth_completion_core.geometry.multiview.pose_vectors import PoseVector, matrix_from_euler
from depth_completion_core.models.configs.pose import PoseResNetConfig
from depth_completion_core.models.layers.imagenet_resnet import ImageNetResNet
from depth_completion_core.models.pose.base import PoseNetwork

_IMAGES = 2
_WIDTH = 256
_SCALE = 0.01


class PoseResNet(PoseNetwork):
    """Two images at a time: three numbers that the release reads as angles, and a translation.

    They are predicted as if they were an axis times an angle, but are only ever used as angles
    about x, y and z. The decoder says two motions, of which the second one is never used.
    """

    Config = PoseResNetConfig
    config: PoseResNetConfig

    def __init__(self, config: PoseResNetConfig | None = None) -> None:
        super().__init__(config)
        self.encoder = _PairEncoder(self.config)
        self.decoder = _PoseDecoder(self.encoder.channels)

    def vectors(self, target: Tensor, contexts: Sequence[Tensor]) -> PoseVector:
        """See the base class; batch norm sees each context on its own, as in the release."""
        pairs = [torch.cat([target, context], dim=1) for context in contexts]
        found = [_SCALE * self.decoder(self.encoder(pair)) for pair in pairs]
        rotation, translation = torch.stack(found, dim=1)[..., :6].chunk(2, dim=-1)
        return PoseVector(rotation, translation)

    @staticmethod
    def matrices(vectors: PoseVector) -> Tensor:
        """See the base class."""
        return matrix_from_euler(rotation=vectors.rotation, translation=vectors.translation)


class _PairEncoder(nn.Module):
    def __init__(self, config: PoseResNetConfig) -> None:
        super().__init__()
        self.encoder = ImageNetResNet(config.trunk, images=_IMAGES)
        self.channels = self.encoder.channels[-1]

    def forward(self, images: Tensor) -> Tensor:
        """(B, 6, H, W) RGB in 0..1 to (B, C, ceil(H / 32), ceil(W / 32))."""
        levels: list[Tensor] = self.encoder((images - 0.45) / 0.225)
        return levels[-1]


class _PoseDecoder(nn.Module):
    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.net = nn.ModuleList(
            [
                nn.Conv2d(in_channels, _WIDTH, 1),
                nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1),
                nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1),
                nn.Conv2d(_WIDTH, 6 * _IMAGES, 1),
            ]
        )

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, h, w) to (B, 12): two motions."""
        *layers, last = self.net
        for layer in layers:
            features = relu(layer(features))
        numbers: Tensor = last(features).float().mean(dim=(2, 3))
        return numbers
