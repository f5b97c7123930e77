# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a model sees, and how it is asked: one place for completer, validation and training."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn.functional import pad

from depth_completion_core.models.base import (
    CompletionModel,
    ModelInput,
    ModelOutput,
    ModelView,
)


def model_view(
    image: Tensor,
    sparse_depth: Tensor,
    *,
    intrinsics: Tensor | None = None,
    time_s: Tensor | None = None,
    view_from_target: Tensor | None = None,
) -> ModelView:
    """A view as models see it.

    Args:
        image: (B, 3, H, W) uint8 RGB.
        sparse_depth: (B, 1, H, W) float32 metres, 0 where nothing was measured.
        intrinsics: (B, 3, 3) float32 pixels, where they are known.
        time_s: (B,) seconds after the target; None for the target itself.
        view_from_target: (B, 4, 4) float32, where the motion is known.
    """
    return ModelView(
        image=image.to(torch.float32) / 255.0,
        sparse_depth=sparse_depth,
        validity_map=sparse_depth > 0,
        intrinsics=intrinsics,
        time_s=image.new_zeros(len(image), dtype=torch.float32) if time_s is None else time_s,
        view_from_target=view_from_target,
    )


def run_model(model: CompletionModel, inputs: ModelInput) -> ModelOutput:
    """Ask a model through its own forward, padded to the multiple of pixels that it needs.

    Args:
        model: in whatever mode it is to run.
        inputs: of any size.

    Returns:
        Everything at the size of ``inputs``.
    """
    height, width = inputs.image.shape[-2:]
    multiple = model.needs.size_multiple
    below, right = -height % multiple, -width % multiple
    if not below and not right:
        output: ModelOutput = model(inputs)
        return output
    return _cropped(model(_padded(inputs, below, right)), height, width)


def _padded(inputs: ModelInput, below: int, right: int) -> ModelInput:
    """Black and unmeasured below and to the right, so that intrinsics stay as they are."""
    margin = (0, right, 0, below)
    return ModelInput(
        views=tuple(
            ModelView(
                image=pad(view.image, margin),
                sparse_depth=pad(view.sparse_depth, margin),
                validity_map=pad(view.validity_map, margin),
                intrinsics=view.intrinsics,
                time_s=view.time_s,
                view_from_target=view.view_from_target,
            )
            for view in inputs.views
        )
    )


def _cropped(output: ModelOutput, height: int, width: int) -> ModelOutput:
    def part(maps: Tensor) -> Tensor:
        return maps[..., :height, :width]

    def part_or_none(maps: Tensor | None) -> Tensor | None:
        return None if maps is None else part(maps)

    return ModelOutput(
        depth=part(output.depth),
        along=output.along,
        valid=part_or_none(output.valid),
        confidence=part_or_none(output.confidence),
        rays=part_or_none(output.rays),
        farthest=part_or_none(output.farthest),
        maps=_each(output.maps, part),
    )


def _each(maps: Mapping[str, Tensor], change: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    return {name: change(values) for name, values in maps.items()}
