# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a recipe minimises: a network and its losses as one module."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.feeds.batch import Tensors

TOTAL = "total"
DEPTH = "depth"


class Objective(nn.Module):
    """A network and its losses, so that a pass is one call, whatever wraps it.

    Attributes:
        units: of the losses that it reports beside the total, by name; ``1`` for none.
        model: the network.
    """

    units: ClassVar[dict[str, str]] = {}

    def __init__(self, model: CompletionModel) -> None:
        super().__init__()
        self.model = model

    @abstractmethod
    def forward(self, tensors: Tensors) -> Tensors:
        """The losses of a batch.

        Args:
            tensors: see :data:`depth_completion_core.training.feeds.batch.Tensors`.

        Returns:
            ``total`` (B,), what is minimised, one number per image; each that has a unit (B,); and
            ``depth`` (B, 1, H, W) metres.
        """
        raise NotImplementedError


def capped(truth: Tensor, farthest: Tensor | None) -> Tensor:
    """(B, 1, H, W) metres, lowered to what a network can say at most; 0 stays 0."""
    return truth if farthest is None else truth.minimum(farthest)
