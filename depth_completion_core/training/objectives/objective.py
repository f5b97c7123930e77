# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a recipe minimises: a network, what is learned beside it, and the losses, as one module."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from torch import Tensor, nn

from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.feeds.requirements import SPARSE_DEPTH, TRUTH, Requirements

DEPTH = "depth"
"""The name of the network that is handed out, among those of an objective."""


class Term(NamedTuple):
    """A part of the loss, or a figure beside it, for each image.

    Attributes:
        value: (B,).
        unit: in which it is measured; ``1`` for none.
    """

    value: Tensor
    unit: str


class ObjectiveReport(NamedTuple):
    """What an objective says of a batch.

    Attributes:
        total: (B,), what is minimised, one number per image.
        depth: (B, 1, H, W) metres, the prediction.
        terms: further figures to show, by name.
        pictures: further maps to show, by name: (B, 1, H, W) metres, or (B, 3, H, W) RGB in 0..1.
    """

    total: Tensor
    depth: Tensor
    terms: Mapping[str, Term] = MappingProxyType({})
    pictures: Mapping[str, Tensor] = MappingProxyType({})


class ParameterGroup(NamedTuple):
    """Parameters that the optimiser treats alike.

    Attributes:
        parameters: those that are frozen are left out.
        network: whose they are, a name of :attr:`Objective.networks`.
        rate_factor: times the network's learning rate is theirs.
        weight_decay: their own; None for that of the network.
    """

    parameters: tuple[nn.Parameter, ...]
    network: str = DEPTH
    rate_factor: float = 1.0
    weight_decay: float | None = None


class Objective(nn.Module):
    """A network and its losses, so that a pass is one call, whatever wraps it.

    Networks that are learned beside the model, as one that estimates motion, have names. All of the
    objective is checkpointed; the model is handed out, and a pose network in a file beside it.

    Args:
        model: the network.
        beside: further networks by name.
        fixed_statistics: whether the model's batch norm keeps the statistics that it has.

    Attributes:
        model: the network.
        beside: further networks by name.
        requires: what a sample must have to be learned from, as
            :attr:`depth_completion_core.training.feeds.requirements.Requirements.names`, beside
            what the model needs; samples without are left out and counted.
        view_offsets: further images that the losses compare, beside those that the model needs.
        compared_terms: names of terms that tell on held-out samples, too, whether weights became
            better.
    """

    requires: tuple[str, ...] = (SPARSE_DEPTH, TRUTH)
    view_offsets: tuple[int, ...] = ()
    compared_terms: tuple[str, ...] = ()

    def __init__(
        self,
        model: CompletionModel,
        beside: Mapping[str, nn.Module] = MappingProxyType({}),
        *,
        fixed_statistics: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self.beside = nn.ModuleDict(dict(beside))
        self._fixed_statistics = fixed_statistics
        self._frozen: list[nn.Module] = []

    @property
    def networks(self) -> dict[str, nn.Module]:
        """All networks by name, ``depth`` first."""
        return {DEPTH: self.model, **self.beside}

    def freeze(self, name: str) -> None:
        """Leave a network as it is, the statistics of its batch norm included."""
        network = self.networks[name].requires_grad_(False)
        self._frozen.append(network.eval())

    def train(self, mode: bool = True) -> Objective:
        """Switch everything but frozen networks, and batch norm whose statistics are to stay."""
        super().train(mode)
        kept = list(self._frozen)
        if self._fixed_statistics:
            kept += [each for each in self.model.modules() if isinstance(each, nn.BatchNorm2d)]
        for module in kept:
            module.eval()
        return self

    @property
    def requirements(self) -> Requirements:
        """All that a sample must have to be learned from."""
        return Requirements.of(self.model.needs, self.requires, self.view_offsets)

    @abstractmethod
    def forward(self, batch: Batch) -> ObjectiveReport:
        """What is minimised, and what is shown of it.

        Args:
            batch: on the device of the networks.
        """
        raise NotImplementedError

    def parameter_groups(self) -> list[ParameterGroup]:
        """All that is learned, each parameter in one group; by default one for each network.

        What an objective has beside its networks learns with the first of them.
        """
        others = [
            ParameterGroup(tuple(network.parameters()), network=name)
            for name, network in self.beside.items()
        ]
        theirs = {id(parameter) for group in others for parameter in group.parameters}
        own = tuple(each for each in self.parameters() if id(each) not in theirs)
        return [ParameterGroup(own), *others]


def capped(truth: Tensor, farthest: Tensor | None) -> Tensor:
    """(B, 1, H, W) metres, lowered to what a network can say at most; 0 stays 0."""
    return truth if farthest is None else truth.minimum(farthest)
