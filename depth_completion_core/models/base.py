# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The contract between the completer and every model, learned or not."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ModelInput:
    """A batch of frames of one size.

    Attributes:
        image: (B, 3, H, W) float32 RGB in 0..1; a model normalises for itself.
        sparse_depth: (B, 1, H, W) float32 metres, 0 where nothing was measured.
        validity_map: (B, 1, H, W) bool, where something was measured.
        intrinsics: (B, 3, 3) float32 pixels at this size; None for frames without a camera.
        context: (B, N, 3, H, W) float32 RGB in 0..1, other instants of the same camera; N may be 0.
    """

    image: Tensor
    sparse_depth: Tensor
    validity_map: Tensor
    intrinsics: Tensor | None
    context: Tensor


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ModelOutput:
    """What a model says of a batch; everything at the size of its input.

    Attributes:
        depth: (B, 1, H, W) float32 metres along Z, or along ``rays`` where those are given.
        valid: (B, 1, H, W) bool, where the model has an answer; None for everywhere.
        confidence: (B, 1, H, W) float32 in 0..1; None where the model gives none.
        initial_depth: (B, 1, H, W) float32 metres, what the model started from and corrected, as
            FusionNet does with ScaffNet's depth; None where there is no such thing.
        rays: (B, 3, H, W) float32 unit rays of a learned camera; None for a calibrated one.
        context_from_image: (B, N, 4, 4) float32 camera motion to each context image, of models
            with a pose network; None without.
    """

    depth: Tensor
    valid: Tensor | None = None
    confidence: Tensor | None = None
    initial_depth: Tensor | None = None
    rays: Tensor | None = None
    context_from_image: Tensor | None = None


class CompletionModel(nn.Module):
    """A model is built without arguments, or from its own frozen ``Config`` dataclass.

    Attributes:
        needs_sparse_depth: False for models that predict from images alone; the others are not
            asked about a frame without a single measurement.
        context_count: how many further images the model needs.
        size_multiple: height and width are padded to a multiple of this.
        needs_weights: whether the model is of no use before a checkpoint was loaded.
        config: the settings it was built with.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """No settings; models that have some define their own."""

    needs_sparse_depth: ClassVar[bool] = True
    context_count: ClassVar[int] = 0
    size_multiple: ClassVar[int] = 1
    needs_weights: ClassVar[bool] = False

    def __init__(self, config: Any = None) -> None:  # noqa: ANN401 - each model's own Config
        super().__init__()
        self.config = config or self.Config()

    @abstractmethod
    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Complete a batch."""
        raise NotImplementedError
