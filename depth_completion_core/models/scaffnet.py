# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet: coarse dense depth from sparse depth alone.

Wong, Cicek and Soatto, "Learning Topology from Synthetic Data for Unsupervised Depth Completion",
RA-L 2021 (arXiv 2106.02994). The network is that of the authors' PyTorch release.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.models.layers.anchoring import interpolated, scene_scale
from depth_completion_core.models.layers.blocks import ConvBlock
from depth_completion_core.models.layers.decoders import Decoder, factor_of
from depth_completion_core.models.layers.encoders import build_encoder
from depth_completion_core.models.needs import ModelNeeds

_POOL_CHANNELS = 8


class SpatialPyramidPool(nn.Module):
    """Makes sparse depth dense enough to convolve: maxima over windows, mixed pixel by pixel.

    Args:
        pool_sizes: sides of the windows in pixels, all odd.
        dense_channels: dense depths that are mixed in.
    """

    def __init__(self, pool_sizes: tuple[int, ...], dense_channels: int = 0) -> None:
        super().__init__()
        self.pool_sizes = pool_sizes
        channels = 1 + len(pool_sizes) + dense_channels
        self.convs = nn.Sequential(
            ConvBlock(channels, _POOL_CHANNELS, kernel_px=1),
            ConvBlock(_POOL_CHANNELS, _POOL_CHANNELS, kernel_px=1),
            ConvBlock(_POOL_CHANNELS, _POOL_CHANNELS, kernel_px=1),
        )

    def forward(self, sparse_depth: Tensor, *dense: Tensor) -> Tensor:
        """Each (B, 1, H, W) metres, to (B, 8, H, W)."""
        maxima = window_maxima(sparse_depth, self.pool_sizes)
        mixed: Tensor = self.convs(torch.cat([sparse_depth, *maxima, *dense], dim=1))
        return mixed


class ScaffNetPrediction(NamedTuple):
    """What it says of a batch.

    Attributes:
        depth: (B, 1, H, W) metres.
        log_error: with ``uncertainty``, (B, 1, H, W) log of its expected error in metres.
        farthest: (B or 1, 1, H or 1, W or 1) metres, the most that it could have said.
    """

    depth: Tensor
    log_error: Tensor | None
    farthest: Tensor


class ScaffNet(CompletionModel):
    """Sparse depth to dense depth; the image is not looked at."""

    needs_weights = True

    Config = ScaffNetConfig
    config: ScaffNetConfig

    def __init__(self, config: ScaffNetConfig | None = None) -> None:
        super().__init__(config)
        config = self.config
        if config.pool_sizes:
            self.spatial_pyramid_pool = SpatialPyramidPool(
                config.pool_sizes, dense_channels=int(config.interpolation)
            )
        self.encoder = build_encoder(
            config.encoder,
            _input_channels(config),
            config.encoder_filters,
            batch_norm=config.batch_norm,
        )
        self.decoder = _decoder(config, "none" if config.interpolation else "sigmoid")
        if config.uncertainty:
            self.decoder_uncertainty = _decoder(config, "none")
        self.needs = ModelNeeds(measured_share=config.measured_share)
        if not (config.scale_free or config.interpolation):
            nearest, farthest = config.min_predict_depth, config.max_predict_depth
            self.depth_range = (nearest / (1 + nearest / farthest), farthest)

    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Depth everywhere; a confidence with ``uncertainty``, see ``confidence_of``."""
        predicted = self.predict(inputs.sparse_depth)
        log_error = predicted.log_error
        confidence = None if log_error is None else confidence_of(log_error)
        maps = {} if log_error is None else {"log_error": log_error}
        return ModelOutput(
            depth=predicted.depth,
            confidence=confidence,
            farthest=predicted.farthest,
            maps=maps,
        )

    def predict(self, sparse_depth: Tensor) -> ScaffNetPrediction:
        """Depth and what else is known of it, of (B, 1, H, W) sparse depth in metres."""
        base = self._base(sparse_depth)
        levels = self._levels(sparse_depth, base)
        log_error = None
        if self.config.uncertainty:
            log_error = self.decoder_uncertainty(levels[1:], _size(levels[0]), levels[0]).float()
            log_error = log_error + base.log()
        farthest = self.config.max_predict_depth * base
        return ScaffNetPrediction(self._decoded_depth(levels) * base, log_error, farthest)

    def predict_depth(self, sparse_depth: Tensor) -> Tensor:
        """Depth alone of (B, 1, H, W) sparse depth in metres."""
        base = self._base(sparse_depth)
        return self._decoded_depth(self._levels(sparse_depth, base)) * base

    def unit(self, sparse_depth: Tensor) -> Tensor:
        """(B or 1, 1, 1, 1) metres, in which it sees (B, 1, H, W) sparse depth in metres."""
        if self.config.scale_free:
            return scene_scale(sparse_depth)
        return sparse_depth.new_ones((1, 1, 1, 1))

    def _base(self, sparse_depth: Tensor) -> Tensor:
        """(B or 1, 1, H or 1, W or 1) metres, multiples of which it predicts."""
        if self.config.interpolation:
            return interpolated(sparse_depth)
        return self.unit(sparse_depth)

    def _levels(self, sparse_depth: Tensor, base: Tensor) -> list[Tensor]:
        """The input at full size, pooled or as it is, then the five levels of the encoder."""
        dense = [base] if self.config.interpolation else []
        unit, farthest = self.unit(sparse_depth), self.config.max_predict_depth
        seen = [(depth / unit).clamp(max=farthest) for depth in (sparse_depth, *dense)]
        pooled: Tensor = (
            self.spatial_pyramid_pool(*seen) if self.config.pool_sizes else torch.cat(seen, dim=1)
        )
        return [pooled, *self.encoder(pooled)]

    def _decoded_depth(self, levels: list[Tensor]) -> Tensor:
        decoded = self.decoder(levels[1:], _size(levels[0]), levels[0]).float()
        nearest, farthest = self.config.min_predict_depth, self.config.max_predict_depth
        if self.config.interpolation:
            return factor_of(decoded, nearest, farthest)
        return depth_of(decoded, nearest, farthest)


def window_maxima(depth: Tensor, sizes: tuple[int, ...]) -> list[Tensor]:
    """Maximum of (B, 1, H, W) over centred squares of odd sides; what is outside does not count.

    Rows, then columns, and each square from the next smaller one: the same numbers as one pooling
    for each size, for a thirtieth of the comparisons.
    """
    maxima: dict[int, Tensor] = {}
    reached, maximum = 1, depth
    for size in sorted(set(sizes)):
        grow = size - reached + 1
        maximum = max_pool2d(maximum, (grow, 1), stride=1, padding=(grow // 2, 0))
        maximum = max_pool2d(maximum, (1, grow), stride=1, padding=(0, grow // 2))
        maxima[size] = maximum
        reached = size
    return [maxima[size] for size in sizes]


def depth_of(fraction: Tensor, min_depth: float, max_depth: float) -> Tensor:
    """Depth in metres of a sigmoid's 0..1: its inverse runs from 1/max to 1/min + 1/max."""
    return min_depth / (fraction + min_depth / max_depth)


def confidence_of(log_error: Tensor) -> Tensor:
    """Confidence 1 / (1 + e) for an expected error of e metres; 0.5 stands for one metre.

    Training minimises |error| / exp(u) + u, so exp(u) becomes the mean absolute error.
    """
    return torch.sigmoid(-log_error)


def _size(features: Tensor) -> tuple[int, int]:
    return features.shape[-2], features.shape[-1]


def _decoder(config: ScaffNetConfig, activation: Literal["sigmoid", "none"]) -> Decoder:
    filters = config.encoder_filters
    return Decoder(
        filters[-1],
        (*filters[-2::-1], _input_channels(config)),
        config.decoder_filters,
        out_channels=1,
        batch_norm=config.batch_norm,
        activation=activation,
        resolutions=config.output_resolutions,
    )


def _input_channels(config: ScaffNetConfig) -> int:
    """Channels at full size, of what the encoder and the last step of the decoder see."""
    return _POOL_CHANNELS if config.pool_sizes else 1 + int(config.interpolation)
