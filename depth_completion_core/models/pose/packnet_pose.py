# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The PoseNet of PackNet-SfM: all images at once.

Guizilini et al., "3D Packing for Self-Supervised Monocular Depth Estimation", CVPR 2020, after
Zhou et al., "Unsupervised Learning of Depth and Ego-Motion from Video", CVPR 2017. Names are the
keys of the release.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from depth_completion_core.geometry.multiview.pose_vectors import PoseVector, matrix_from_euler
from depth_completion_core.models.configs.pose import GROUPS, PackNetPoseConfig
from depth_completion_core.models.pose.base import PoseNetwork

_KERNELS_PX = (7, 5)  # of the first layers; 3 afterwards
_SCALE = 0.01


class PackNetPose(PoseNetwork):
    """A translation, then angles about x, y and z, for each of a fixed number of contexts."""

    Config = PackNetPoseConfig
    config: PackNetPoseConfig

    def __init__(self, config: PackNetPoseConfig | None = None) -> None:
        super().__init__(config)
        filters, contexts = self.config.filters, self.config.contexts
        channels = (3 * (1 + contexts), *filters)
        self._names = [f"conv{number}" for number in range(1, len(channels))]
        for index, name in enumerate(self._names):
            kernel_px = _KERNELS_PX[index] if index < len(_KERNELS_PX) else 3
            self.add_module(name, _block(channels[index], channels[index + 1], kernel_px))
        self.pose_pred = nn.Conv2d(filters[-1], 6 * contexts, 1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.xavier_uniform_(layer.weight)
                assert layer.bias is not None  # noqa: S101 - all have one
                nn.init.zeros_(layer.bias)

    def vectors(self, target: Tensor, contexts: Sequence[Tensor]) -> PoseVector:
        """See the base class."""
        if len(contexts) != self.config.contexts:
            raise ValueError(
                f"this pose network sees {self.config.contexts} images around the target at once, "
                f"got {len(contexts)}; its setting 'contexts' says how many"
            )
        features = torch.cat([target, *contexts], dim=1)
        for name in self._names:
            features = self.get_submodule(name)(features)
        output = self.pose_pred(features).float().mean(dim=(2, 3))
        found = _SCALE * output.unflatten(1, (len(contexts), 6))
        translation, rotation = found.chunk(2, dim=-1)
        return PoseVector(rotation, translation)

    @staticmethod
    def matrices(vectors: PoseVector) -> Tensor:
        """See the base class."""
        return matrix_from_euler(rotation=vectors.rotation, translation=vectors.translation)


def _block(in_channels: int, out_channels: int, kernel_px: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_px, stride=2, padding=kernel_px // 2),
        nn.GroupNorm(GROUPS, out_channels),
        nn.ReLU(inplace=True),
    )
