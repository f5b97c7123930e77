# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet: ScaffNet's depth, corrected by what the image and the measurements say.

Wong, Cicek and Soatto, "Learning Topology from Synthetic Data for Unsupervised Depth Completion",
RA-L 2021 (arXiv 2106.02994). The network is that of the authors' PyTorch release.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.configs.fusionnet import FusionNetConfig
from depth_completion_core.models.layers.anchoring import scene_scale
from depth_completion_core.models.layers.decoders import Decoder, factor_of
from depth_completion_core.models.layers.encoders import build_encoder
from depth_completion_core.models.needs import ModelNeeds
from depth_completion_core.models.scaffnet import ScaffNet

_IMAGES, _DEPTHS = 3, 2  # channels of what the two branches see
_MAX_RATIO = 2.0  # a measurement this many times as far as ScaffNet's depth is not believed


class FusionNet(CompletionModel):
    """Image, sparse depth and a frozen ScaffNet to dense depth.

    The nested ScaffNet stays in evaluation mode and gets no gradients; its weights come from a
    checkpoint of its own or of the whole.
    """

    needs_weights = True

    Config = FusionNetConfig
    config: FusionNetConfig

    def __init__(self, config: FusionNetConfig | None = None) -> None:
        super().__init__(config)
        config = self.config
        image, depth = config.image_filters, config.depth_filters
        self.scaffnet = ScaffNet(config.scaffnet).requires_grad_(False).eval()
        norm = config.batch_norm
        self.encoder_image = build_encoder(config.encoder, _IMAGES, image, batch_norm=norm)
        self.encoder_depth = build_encoder(config.encoder, _DEPTHS, depth, batch_norm=norm)
        joined = [of_image + of_depth for of_image, of_depth in zip(image, depth, strict=True)]
        self.decoder = Decoder(
            joined[-1],
            (*joined[-2::-1], _IMAGES + _DEPTHS if config.full_size_skip else 0),
            config.decoder_filters,
            out_channels=2,
            batch_norm=norm,
            activation="none",
            resolutions=config.output_resolutions,
        )
        self.needs = ModelNeeds(measured_share=config.measured_share)
        if not config.scale_free:
            self.depth_range = (config.min_predict_depth, config.max_predict_depth)

    def train(self, mode: bool = True) -> FusionNet:
        """Switch all but the nested ScaffNet, whose batch statistics are frozen, too."""
        super().train(mode)
        self.scaffnet.eval()
        return self

    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Depth everywhere: all steps in order."""
        scaffold = self.scaffold(inputs.sparse_depth)
        kept = self.without_outliers(inputs.sparse_depth)
        depth = self.fuse(inputs.image, scaffold, kept)
        return ModelOutput(
            depth=depth,
            farthest=self.farthest(inputs.sparse_depth),
            maps={"initial_depth": scaffold},
        )

    def scaffold(self, sparse_depth: Tensor) -> Tensor:
        """ScaffNet's depth (B, 1, H, W) of the sparse depth with its outliers, without gradients.

        It has seen many measurements at once and fills over the wrong ones.
        """
        with torch.no_grad():
            return self.scaffnet.predict_depth(sparse_depth)

    def without_outliers(self, sparse_depth: Tensor) -> Tensor:
        """Sparse depth (B, 1, H, W) without the measurements that something nearer covers."""
        config = self.config
        return remove_outliers(sparse_depth, config.outlier_kernel_px, config.outlier_threshold)

    def fuse(self, image: Tensor, scaffold: Tensor, sparse_depth: Tensor) -> Tensor:
        """Correct ScaffNet's depth.

        Args:
            image: (B, 3, H, W) RGB in 0..1.
            scaffold: (B, 1, H, W) metres, ScaffNet's depth.
            sparse_depth: (B, 1, H, W) metres, 0 where nothing was measured, without outliers.

        Returns:
            (B, 1, H, W) metres. A depth at the end of the range gets no gradient.
        """
        config, unit = self.config, self.unit(sparse_depth)
        measured = (sparse_depth / unit).clamp(max=config.max_predict_depth)
        matched = self._matched(scaffold / unit, measured)
        output = self._decoded(image, torch.cat([matched, measured], dim=1))
        residual = output[:, 1:].clamp(-config.max_residual, config.max_residual)
        depth = self._multiplier(output[:, :1]) * matched + residual
        return depth.clamp(config.min_predict_depth, config.max_predict_depth) * unit

    def farthest(self, sparse_depth: Tensor) -> Tensor:
        """(B or 1, 1, 1, 1) metres, the farthest that it can predict for (B, 1, H, W) metres."""
        return self.config.max_predict_depth * self.unit(sparse_depth)

    def unit(self, sparse_depth: Tensor) -> Tensor:
        """(B or 1, 1, 1, 1) metres, in which it sees (B, 1, H, W) sparse depth in metres."""
        if self.config.scale_free:
            return scene_scale(sparse_depth)
        return sparse_depth.new_ones((1, 1, 1, 1))

    def _decoded(self, image: Tensor, depths: Tensor) -> Tensor:
        """(B, 2, H, W) what becomes multiplier and residual."""
        of_both = zip(self.encoder_image(image), self.encoder_depth(depths), strict=True)
        levels = [torch.cat(pair, dim=1) for pair in of_both]
        finest = torch.cat([image, depths], dim=1) if self.config.full_size_skip else None
        output: Tensor = self.decoder(levels, (image.shape[-2], image.shape[-1]), finest)
        return output.float()

    def _multiplier(self, output: Tensor) -> Tensor:
        low, high = self.config.min_multiplier, self.config.max_multiplier
        if self.config.log_multiplier:
            return factor_of(output, low, high)
        return low + (high - low) * torch.sigmoid(output)

    def _matched(self, scaffold: Tensor, measured: Tensor) -> Tensor:
        if self.config.scale_match == "local_scale":
            return match_local_scale(scaffold, measured, self.config.scale_match_kernel_px)
        if self.config.scale_match == "replace":
            return torch.where(measured > 0, measured, scaffold)
        return scaffold


def remove_outliers(sparse_depth: Tensor, kernel_px: int, threshold: float) -> Tensor:
    """Zero what lies more than ``threshold`` metres behind the nearest in its window.

    Args:
        sparse_depth: (B, 1, H, W) metres, 0 where nothing was measured.
        kernel_px: side of the centred window, odd.
        threshold: metres.
    """
    nearness = torch.where(sparse_depth > 0, -sparse_depth, -torch.inf)
    nearest = -max_pool2d(nearness, kernel_px, stride=1, padding=kernel_px // 2)
    return torch.where(nearest < sparse_depth - threshold, 0.0, sparse_depth)


def match_local_scale(scaffold: Tensor, sparse_depth: Tensor, kernel_px: int) -> Tensor:
    """Scale depth around every measurement so that it meets it; the greatest scale wins.

    Args:
        scaffold: (B, 1, H, W) metres, dense.
        sparse_depth: (B, 1, H, W) metres, 0 where nothing was measured.
        kernel_px: side of the centred window a measurement acts on, odd.
    """
    ratio = sparse_depth / scaffold
    ratio = torch.where(ratio > _MAX_RATIO, 0.0, ratio)
    scale = max_pool2d(ratio, kernel_px, stride=1, padding=kernel_px // 2)
    return torch.where(scale > 0, scale, 1.0) * scaffold
