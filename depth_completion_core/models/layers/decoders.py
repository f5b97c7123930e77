# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The decoder of ScaffNet and FusionNet: from the coarsest features back to every pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from depth_completion_core.models.layers.blocks import Activation, ConvBlock, UpBlock

_LOG_GAIN = 0.1  # so that an untrained decoder hardly changes what its factor is for


class Decoder(nn.Module):
    """Five steps up, each joined by the encoder's features of that size, and one output.

    Args:
        in_channels: channels of the coarsest features.
        skip_channels: channels joined at each step, coarsest first; 0 at the last for none.
        filters: output channels of each step, coarsest first.
        out_channels: channels of the output.
        batch_norm: whether the steps are normalised; the output never is.
        activation: of the output.
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
    ) -> None:
        super().__init__()
        inputs = (in_channels, *filters[:-1])
        self.deconv4, self.deconv3, self.deconv2, self.deconv1, self.deconv0 = (
            UpBlock(*channels, batch_norm=batch_norm)
            for channels in zip(inputs, skip_channels, filters, strict=True)
        )
        self.output0 = ConvBlock(filters[-1], out_channels, activation=activation)

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
        for block, skip in zip(
            (self.deconv4, self.deconv3, self.deconv2, self.deconv1), reversed(skips), strict=True
        ):
            features = block(features, skip, (skip.shape[-2], skip.shape[-1]))
        features = self.deconv0(features, finest, size)
        # The 8 bits of bfloat16 would round a depth by a percent.
        with torch.autocast(features.device.type, enabled=False):
            output: Tensor = self.output0(features.to(self.output0.conv.weight.dtype))
        return output


def factor_of(output: Tensor, least: float, greatest: float) -> Tensor:
    """What a decoder without activation says to multiply a depth by: 1 for an output of 0."""
    return (_LOG_GAIN * output).exp().clamp(least, greatest)
