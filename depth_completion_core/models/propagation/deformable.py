# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A step as ONNX's operator DeformConv, for runtimes in which that is fast.

The operator is the modulated deformable convolution of Zhu et al. ("Deformable ConvNets v2", CVPR
2019). With a kernel of ones it is one step.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from depth_completion_core.models.propagation.steps import Step, plain_step
from depth_completion_core.models.propagation.taps import Taps, bilinear_taps

DEFORM_CONV_OPSET = 19
"""The first one that has the operator."""


def deform_conv_step(taps: Taps) -> Step:
    """For taps between pixels, of an odd number as of any square; others are gathered."""
    if taps.between is None or taps.between.weight.shape[1] % 2 == 0:
        return plain_step(taps)
    offset_px, weight = taps.between
    count = int(weight.shape[1])
    # The operator's kernel is one row here, whose places are part of its own offsets.
    offset = (offset_px - _row_places(offset_px)).flatten(1, 2)

    def step(values: Tensor) -> Tensor:
        result: Tensor = _DeformConv.apply(  # type: ignore[no-untyped-call]
            values, offset, weight, count
        )
        return result

    return step


class _DeformConv(torch.autograd.Function):
    """What torch gathers, and what a graph says in its place."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, offset: Tensor, weight: Tensor, count: int) -> Tensor:  # noqa: ANN401 - torch's
        del ctx
        offset_px = offset.view(offset.shape[0], count, 2, *offset.shape[2:])
        taps = bilinear_taps(offset_px + _row_places(offset_px), weight)
        return plain_step(taps)(values)

    @staticmethod
    def symbolic(graph: Any, values: Any, offset: Any, weight: Any, count: int) -> Any:  # noqa: ANN401 - torch's
        return graph.op(
            "DeformConv",
            values,
            graph.op("Constant", value_t=torch.ones(1, 1, 1, count)),
            offset,
            graph.op("Constant", value_t=torch.zeros(1)),
            weight,
            kernel_shape_i=[1, count],
            pads_i=[0, count // 2, 0, count // 2],
        ).setType(values.type())


def _row_places(offset_px: Tensor) -> Tensor:
    """Pixels down and right of the middle, (K, 2, 1, 1)."""
    count = offset_px.shape[1]
    right = torch.arange(count, dtype=offset_px.dtype, device=offset_px.device) - count // 2
    return torch.stack([torch.zeros_like(right), right], dim=1)[:, :, None, None]
