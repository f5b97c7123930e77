# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NLSPN's neighbours and affinities (Park et al., ECCV 2020, section 3), as in its release."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from depth_completion_core.models.configs.nlspn import NLSPNConfig
from depth_completion_core.models.propagation.engine import Anchors, propagate
from depth_completion_core.models.propagation.taps import bilinear_taps, sampled

_LEAST_SUM = 1e-4
_LEAST_FACTOR = 1e-8


class NonLocalPropagation(nn.Module):
    """Offsets and affinities from guidance, then the steps.

    ``w``, ``b`` and ``w_conf`` are the release's kernels of ones and its bias of 0, which are not
    trained but in its files.
    """

    def __init__(self, config: NLSPNConfig) -> None:
        super().__init__()
        self.config = config
        count, side = config.neighbours, config.propagation_kernel
        scale = {"TGASS": config.affinity_gamma * count, "TC": float(count)}
        self.conv_offset_aff = nn.Conv2d(count, 3 * count, 3, padding=1)
        for parameter in self.conv_offset_aff.parameters():
            nn.init.zeros_(parameter)
        self.aff_scale_const = nn.Parameter(
            torch.full((1,), scale.get(config.affinity, 1.0)),
            requires_grad=config.affinity == "TGASS",
        )
        self.w = nn.Parameter(torch.ones(1, 1, side, side), requires_grad=False)
        self.b = nn.Parameter(torch.zeros(1), requires_grad=False)
        self.w_conf = nn.Parameter(torch.ones(1, 1, 1, 1), requires_grad=False)
        self._square_px = _square(side)

    def forward(
        self, initial: Tensor, guidance: Tensor, confidence: Tensor | None, sparse_depth: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Refine.

        Args:
            initial: (B, 1, H, W) metres.
            guidance: (B, K, H, W).
            confidence: (B, 1, H, W) in 0..1; None for none.
            sparse_depth: (B, 1, H, W) metres, 0 where nothing was measured.

        Returns:
            States (steps + 1, B, 1, H, W), offsets (B, K, 2, H, W) and affinities (B, K, H, W).
        """
        count = self.config.neighbours
        raw = self.conv_offset_aff(guidance)
        offset = raw[:, : 2 * count].reshape(raw.shape[0], count, 2, *raw.shape[-2:])
        square = raw.new_tensor(self._square_px)[:, :, None, None]
        if self.config.legacy and confidence is not None:
            offset = offset + square
        affinity = self._affinity(raw[:, 2 * count :], offset, confidence)
        states = self._states(initial, square + offset, affinity, sparse_depth)
        return states, offset, affinity

    def _affinity(self, raw: Tensor, offset: Tensor, confidence: Tensor | None) -> Tensor:
        kind, scale = self.config.affinity, self.aff_scale_const
        if kind == "TC":
            raw = torch.tanh(raw) / scale
        elif kind == "TGASS":
            raw = torch.tanh(raw) / (scale + _LEAST_FACTOR)
        if confidence is not None:
            # Neighbours' confidence has no say in where they are.
            of_neighbours = sampled(confidence, offset.detach())
            raw = raw * (of_neighbours * self.w_conf.view(()) + self.b)
        if kind == "TC":
            return raw
        total = raw.abs().sum(dim=1, keepdim=True) + _LEAST_SUM
        return raw / (total if kind == "AS" else total.clamp(min=1.0))

    def _states(
        self, initial: Tensor, offset: Tensor, affinity: Tensor, sparse_depth: Tensor
    ) -> Tensor:
        kernel = self.w.view(-1)
        center = self.config.neighbours // 2
        own = 1.0 - affinity.sum(dim=1, keepdim=True)
        weights = torch.cat([affinity[:, :center], own, affinity[:, center:]], dim=1)
        here = torch.zeros_like(offset[:, :1])
        places = torch.cat([offset[:, :center], here, offset[:, center:]], dim=1)
        anchors = None
        if self.config.preserve_input:
            anchors = Anchors(where=sparse_depth > 0, value=sparse_depth, when="before")
        return propagate(
            initial,
            bilinear_taps(places, weights * kernel[:, None, None]),
            steps=self.config.propagation_steps,
            added=self.b.view(1, 1, 1, 1).expand_as(initial),
            anchors=anchors,
        )


def _square(side: int) -> list[tuple[int, int]]:
    """Rows down and columns right of a square's places, without its middle."""
    line = range(-(side // 2), side // 2 + 1)
    return [place for place in itertools.product(line, line) if place != (0, 0)]
