# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NLSPN: depth from image and measurements, refined by propagation to neighbours of its own choice.

Park, Joo, Hu, Liu and Kweon, "Non-Local Spatial Propagation Network for Depth Completion", ECCV
2020 (arXiv 2007.10042). The network is that of the authors' release, under the names of its keys.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.configs.nlspn import NLSPNConfig
from depth_completion_core.models.layers.colors import imagenet_normalized
from depth_completion_core.models.layers.nonlocal_propagation import NonLocalPropagation
from depth_completion_core.models.layers.relative_depth import relative_depth
from depth_completion_core.models.layers.resnet import resnet_stages
from depth_completion_core.models.needs import ModelNeeds
from depth_completion_core.models.propagation.stages import depth_stages

_SLOPE = 0.2
_NEAREST_M = 0.1  # no data set that it was trained on has anything nearer


class Refinement(NamedTuple):
    """What NLSPN says of a batch.

    Attributes:
        states: (steps + 1, B, 1, H, W) metres: the depth to begin with, and what each step made
            of it; any sign.
        confidence: (B, 1, H, W) in 0..1 of the depth to begin with; None without.
        guidance: (B, K, H, W), from which offsets and affinities are made.
        offset_px: (B, K, 2, H, W) down and right, of the neighbours from their places in the
            square.
        affinity: (B, K, H, W), what each neighbour counts; the pixel itself counts the rest to 1.
    """

    states: Tensor
    confidence: Tensor | None
    guidance: Tensor
    offset_px: Tensor
    affinity: Tensor


class NLSPN(CompletionModel):
    """Image and sparse depth to dense depth; takes images of any size."""

    needs_weights = True
    has_stages = True

    Config = NLSPNConfig
    config: NLSPNConfig

    def __init__(self, config: NLSPNConfig | None = None) -> None:
        super().__init__(config)
        config = self.config
        self.needs = ModelNeeds(short_side_px=config.short_side_px)
        if config.max_depth:
            self.depth_range = (_NEAREST_M, config.max_depth)
        self.conv1_rgb = _conv(3, 48, normalizes=False)
        self.conv1_dep = _conv(2 if config.interpolation else 1, 16, normalizes=False)
        self.conv2, self.conv3, self.conv4, self.conv5 = resnet_stages(config.trunk)
        self.conv6 = _conv(512, 512, stride=2)
        self.dec5 = _deconv(512, 256)
        self.dec4 = _deconv(256 + 512, 128)
        self.dec3 = _deconv(128 + 256, 64)
        self.dec2 = _deconv(64 + 128, 64)
        self.id_dec1 = _conv(64 + 64, 64)
        self.id_dec0 = _conv(64 + 64, 1, normalizes=False)
        self.gd_dec1 = _conv(64 + 64, 64)
        self.gd_dec0 = _conv(64 + 64, config.neighbours, normalizes=False, is_activated=False)
        if config.confidence:
            self.cf_dec1 = _conv(64 + 64, 32)
            self.cf_dec0 = nn.Sequential(nn.Conv2d(32 + 64, 1, 3, padding=1), nn.Sigmoid())
        self.prop_layer = NonLocalPropagation(config)

    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Depth everywhere, 0 at least; what it began with is the map ``initial_depth``."""
        refined = self.refine(imagenet_normalized(inputs.image), inputs.sparse_depth)
        return ModelOutput(
            depth=refined.states[-1].clamp(min=0.0),
            confidence=refined.confidence,
            maps={"initial_depth": refined.states[0]},
        )

    def stages(self, inputs: ModelInput) -> dict[str, Tensor]:
        """Depth step by step, and the maps of :class:`Refinement`, offsets as (B, 2 K, H, W)."""
        refined = self.refine(imagenet_normalized(inputs.image), inputs.sparse_depth)
        further = {
            "guidance": refined.guidance,
            "offset_px": refined.offset_px.flatten(1, 2),
            "affinity": refined.affinity,
        }
        if refined.confidence is not None:
            further["confidence"] = refined.confidence
        return {**depth_stages(refined.states), **further}

    def refine(self, image: Tensor, sparse_depth: Tensor) -> Refinement:
        """All steps, and what they are made of.

        Args:
            image: (B, 3, H, W) RGB, normalised as ImageNet's.
            sparse_depth: (B, 1, H, W) metres, 0 where nothing was measured.
        """
        relative = relative_depth(sparse_depth) if self.config.interpolation else None
        depths = sparse_depth if relative is None else relative.seen
        full = torch.cat([self.conv1_rgb(image), self.conv1_dep(depths)], dim=1)
        decoded = self._decoded(full)
        # Half precision would round 10 m to 4 cm.
        with torch.autocast(image.device.type, enabled=False):
            initial = self._head(self.id_dec1, self.id_dec0, decoded.float(), full.float())
        if relative is not None:
            initial = relative.corrected(initial)
        guidance = self._head(self.gd_dec1, self.gd_dec0, decoded, full).float()
        confidence = None
        if self.config.confidence:
            confidence = self._head(self.cf_dec1, self.cf_dec0, decoded, full).float()
        # Positions and long sums need more digits than half precision has.
        with torch.autocast(image.device.type, enabled=False):
            states, offset, affinity = self.prop_layer(initial, guidance, confidence, sparse_depth)
        return Refinement(states, confidence, guidance, offset, affinity)

    def _decoded(self, full: Tensor) -> Tensor:
        """(B, 64, H, W) to (B, 128, H, W), what all heads begin with."""
        skips = [self.conv2(full)]
        for stage in (self.conv3, self.conv4, self.conv5):
            skips.append(stage(skips[-1]))
        decoded: Tensor = self.conv6(skips[-1])
        for stage in (self.dec5, self.dec4, self.dec3, self.dec2):
            decoded = _joined(stage(decoded), skips.pop())
        return decoded

    def _head(self, first: nn.Module, last: nn.Module, decoded: Tensor, full: Tensor) -> Tensor:
        answer: Tensor = last(_joined(first(decoded), full))
        return answer


def _joined(decoded: Tensor, skip: Tensor) -> Tensor:
    """Beside each other in the channels, without the row or column that the decoder has more."""
    height, width = skip.shape[-2:]
    return torch.cat([decoded[..., :height, :width], skip], dim=1)


def _conv(
    in_channels: int,
    out_channels: int,
    *,
    stride: int = 1,
    normalizes: bool = True,
    is_activated: bool = True,
) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=not normalizes)
    ]
    if normalizes:
        layers.append(nn.BatchNorm2d(out_channels))
    if is_activated:
        layers.append(nn.LeakyReLU(_SLOPE, inplace=True))
    return nn.Sequential(*layers)


def _deconv(in_channels: int, out_channels: int) -> nn.Sequential:
    """Twice the size."""
    return nn.Sequential(
        nn.ConvTranspose2d(
            in_channels, out_channels, 3, stride=2, padding=1, output_padding=1, bias=False
        ),
        nn.BatchNorm2d(out_channels),
        nn.LeakyReLU(_SLOPE, inplace=True),
    )
