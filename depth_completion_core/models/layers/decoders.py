# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The decoder of ScaffNet and FusionNet: from the coarsest features back to every pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from depth_completion_core.models.configs.checks import LEVELS
from depth_completion_core.models.layers.blocks import Activation, ConvBlock, UpBlock

_NOT_ACTIVATED = 3
_LOG_GAIN = 0.1  # so that an untrained decoder hardly changes what its factor is for


class Decoder(nn.Module):
    """Five steps up, each joined by the encoder's features of that size, and one output or more.

    Args:
        in_channels: channels of the coarsest features.
        skip_channels: channels joined at each step, coarsest first; 0 at the last for none.
        filters: output channels of each step, coarsest first.
        out_channels: channels of the output.
        batch_norm: whether the steps are normalised; the output never is.
        activation: of the output.
        resolutions: sizes at which there is an output: the full one, its half, and so on, up to
            four. A coarser output joins the next step; that of an eighth is never activated.
    """

    def __init__(
        self,
        in_channels: int,
        skip_channels: tuple[int, ...],
        filters: tuple[int, ...],
        *,
        out_channels: int,
        batch_norm: bool,
        activation: Activation,
        resolutions: int = 1,
    ) -> None:
        super().__init__()
        self._resolutions = resolutions
        inputs = (in_channels, *filters[:-1])
        joined = [
            skip + (out_channels if LEVELS - step < resolutions else 0)
            for step, skip in enumerate(skip_channels)
        ]
        self.deconv4, self.deconv3, self.deconv2, self.deconv1, self.deconv0 = (
            UpBlock(*channels, batch_norm=batch_norm)
            for channels in zip(inputs, joined, filters, strict=True)
        )
        self.output0 = ConvBlock(filters[-1], out_channels, activation=activation)
        for number in range(1, resolutions):
            last: Activation = "none" if number == _NOT_ACTIVATED else activation
            output = ConvBlock(filters[-1 - number], out_channels, activation=last)
            self.add_module(f"output{number}", output)

    def forward(
        self, levels: list[Tensor], size: tuple[int, int], finest: Tensor | None = None
    ) -> Tensor:
        """(B, out, H, W) of the features of an encoder, float32 under autocast, too.

        Args:
            levels: five features, finest (B, C, H / 2, W / 2) first.
            size: height and width of the output.
            finest: (B, C, H, W) features of full size for the last step; None for none.
        """
        *skips, features = levels
        blocks = (self.deconv4, self.deconv3, self.deconv2, self.deconv1)
        coarser: Tensor | None = None
        for step, (block, skip) in enumerate(zip(blocks, reversed(skips), strict=True)):
            own_size = (skip.shape[-2], skip.shape[-1])
            features = block(features, _joined(skip, coarser, own_size), own_size)
            coarser = self._coarse_output(LEVELS - 1 - step, features)
        features = self.deconv0(features, _joined(finest, coarser, size), size)
        # The 8 bits of bfloat16 would round a depth by a percent.
        with torch.autocast(features.device.type, enabled=False):
            output: Tensor = self.output0(features.to(self.output0.conv.weight.dtype))
        return output

    def _coarse_output(self, number: int, features: Tensor) -> Tensor | None:
        if number >= self._resolutions:
            return None
        coarse: Tensor = self.get_submodule(f"output{number}")(features)
        return coarse


def _joined(skip: Tensor | None, coarser: Tensor | None, size: tuple[int, int]) -> Tensor | None:
    """Features of one size and the output of the size below, where there are such."""
    if coarser is None:
        return skip
    upsampled = interpolate(coarser, size, mode="bilinear", align_corners=True)
    return upsampled if skip is None else torch.cat([skip, upsampled.to(skip.dtype)], dim=1)


def factor_of(output: Tensor, least: float, greatest: float) -> Tensor:
    """What a decoder without activation says to multiply a depth by: 1 for an output of 0."""
    return (_LOG_GAIN * output).exp().clamp(least, greatest)
