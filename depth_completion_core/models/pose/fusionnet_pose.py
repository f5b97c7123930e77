# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pose network of FusionNet's release, with which FusionNet is trained without true depth.

Wong, Cicek and Soatto, "Learning Topology from Synthetic Data for Unsupervised Depth Completion",
RA-L 2021 (arXiv 2106.02994). Names inside encoder and decoder are the keys of the release.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from depth_completion_core.geometry.multiview.pose_vectors import (
    PoseVector,
    matrix_from_rotation_vector,
)
from depth_completion_core.models.configs.pose import FusionNetPoseConfig
from depth_completion_core.models.layers.blocks import ConvBlock
from depth_completion_core.models.layers.encoders import ResNet18Encoder
from depth_completion_core.models.pose.base import PoseNetwork

_CHANNELS = 6  # two images
_KERNELS_PX = (7, 5)  # of the first layers; 3 afterwards
_SCALE = 0.01  # so that an untrained network hardly moves


class FusionNetPose(PoseNetwork):
    """Two images at a time; an axis times an angle, then a translation."""

    Config = FusionNetPoseConfig
    config: FusionNetPoseConfig

    def __init__(self, config: FusionNetPoseConfig | None = None) -> None:
        super().__init__(config)
        filters = self.config.filters
        self.encoder = (
            PoseEncoder(filters)
            if self.config.encoder == "posenet"
            else ResNet18Encoder(_CHANNELS, filters, batch_norm=True, activation="relu")
        )
        self.decoder = PoseDecoder(filters[-1], self.config.decoder_filters)

    def vectors(self, target: Tensor, contexts: Sequence[Tensor]) -> PoseVector:
        """See the base class; batch norm sees each context on its own, as in the release."""
        found = torch.stack([self._vector(target, context) for context in contexts], dim=1)
        rotation, translation = found.chunk(2, dim=-1)
        return PoseVector(rotation, translation)

    @staticmethod
    def matrices(vectors: PoseVector) -> Tensor:
        """See the base class."""
        return matrix_from_rotation_vector(
            rotation=vectors.rotation, translation=vectors.translation
        )

    def _vector(self, target: Tensor, context: Tensor) -> Tensor:
        """(B, 6)."""
        levels = self.encoder(torch.cat([target, context], dim=1))
        output: Tensor = self.decoder(levels[-1])
        return _SCALE * output.float().mean(dim=(2, 3))


class PoseEncoder(nn.Module):
    """Convolutions of stride 2 in a row.

    Args:
        filters: output channels of each.
    """

    def __init__(self, filters: tuple[int, ...]) -> None:
        super().__init__()
        channels = (_CHANNELS, *filters)
        self._names = [f"conv{number}" for number in range(1, len(channels))]
        for index, name in enumerate(self._names):
            kernel_px = _KERNELS_PX[index] if index < len(_KERNELS_PX) else 3
            block = ConvBlock(
                channels[index],
                channels[index + 1],
                kernel_px=kernel_px,
                stride=2,
                batch_norm=True,
                activation="relu",
            )
            self.add_module(name, block)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(B, 6, H, W) to the levels, each half as large as the last, rounded up."""
        levels = [images]
        for name in self._names:
            levels.append(self.get_submodule(name)(levels[-1]))
        return levels[1:]


class PoseDecoder(nn.Module):
    """Convolutions of stride 2, if any, then one of 1x1 that says six numbers at every place."""

    def __init__(self, in_channels: int, filters: tuple[int, ...]) -> None:
        super().__init__()
        channels = (in_channels, *filters)
        last = ConvBlock(channels[-1], _CHANNELS, kernel_px=1, activation="none")
        steps = [
            ConvBlock(before, after, stride=2, batch_norm=True, activation="relu")
            for before, after in zip(channels, filters, strict=False)
        ]
        self.conv: nn.Module = nn.Sequential(*steps, last) if steps else last

    def forward(self, features: Tensor) -> Tensor:
        """(B, in, h, w) to (B, 6, h, w), or smaller with steps in front."""
        numbers: Tensor = self.conv(features)
        return numbers
