# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a recipe minimises: a network and its losses as one module."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.feeds.requirements import SPARSE_DEPTH, TRUTH, Requirements

TOTAL = "total"
DEPTH = "depth"
Losses = dict[str, Tensor]


class Objective(nn.Module):
    """A network and its losses, so that a pass is one call, whatever wraps it.

    Attributes:
        units: of the losses that it reports beside the total, by name; ``1`` for none.
        model: the network.
        requires: what a sample must have to be learned from, as
            :attr:`depth_completion_core.training.feeds.requirements.Requirements.names`, beside
            what the model needs.
        view_offsets: further images that the losses compare, beside those that the model needs.
    """

    requires: tuple[str, ...] = (SPARSE_DEPTH, TRUTH)
    view_offsets: tuple[int, ...] = ()
    units: ClassVar[dict[str, str]] = {}

    def __init__(self, model: CompletionModel) -> None:
        super().__init__()
        self.model = model

    @property
    def requirements(self) -> Requirements:
        """All that a sample must have to be learned from."""
        return Requirements.of(self.model.needs, self.requires, self.view_offsets)

    @abstractmethod
    def forward(self, batch: Batch) -> Losses:
        """The losses of a batch.

        Args:
            batch: on the device of the network.

        Returns:
            ``total`` (B,), what is minimised, one number per image; each that has a unit (B,); and
            ``depth`` (B, 1, H, W) metres.
        """
        raise NotImplementedError


def capped(truth: Tensor, farthest: Tensor | None) -> Tensor:
    """(B, 1, H, W) metres, lowered to what a network can say at most; 0 stays 0."""
    return truth if farthest is None else truth.minimum(farthest)
