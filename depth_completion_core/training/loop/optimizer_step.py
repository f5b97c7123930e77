# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One step: forward, backward, the processes' gradients together, the optimiser."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.loop.empty_pass import PassOfProcess
from depth_completion_core.training.loop.optimizer import built_optimizer, set_rates
from depth_completion_core.training.objectives.objective import Objective, ObjectiveReport, Term
from depth_completion_core.training.recipes.recipe import Recipe

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_TOTAL = "total"


class NotFiniteError(TrainingError):
    """A loss or gradient is NaN or infinite; weights are as they were before the step."""


class MeanTerm(NamedTuple):
    """A term of an objective's report over many samples.

    Attributes:
        value: its mean.
        unit: in which it is measured; ``1`` for none.
    """

    value: float
    unit: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StepResult:
    """What a step gave.

    Attributes:
        loss: mean over the samples of all processes; NaN where all were skipped.
        skipped: samples of all processes that were left out.
        gradient_norm: length of the gradient before it was shortened.
        terms: means over the samples of this process, the total among them, by name.
        report: of the last pass; None where that was empty.
        asked_to_stop: whether a process wants to end the run.
    """

    loss: float
    skipped: int
    gradient_norm: float
    terms: dict[str, MeanTerm]
    report: ObjectiveReport | None
    asked_to_stop: bool


class OptimizerStep:
    """A network, its losses and its optimiser on their devices.

    Attributes:
        objective: the network and its losses, without what Fabric puts around them.
        optimizer: likewise.
    """

    def __init__(self, recipe: Recipe, objective: Objective, fabric: Fabric) -> None:
        self.objective = objective
        trainings = recipe.network_trainings()
        self.optimizer = built_optimizer(recipe.optimizer, objective, trainings)
        self._fabric, self._clip = fabric, recipe.clip_norm or math.inf
        self._batch_size = recipe.batch_size
        self._has_scaler = recipe.precision == "16-mixed"
        self._module, self._steps = fabric.setup(PassOfProcess(objective), self.optimizer)
        self._module.train()

    def step(
        self, passes: Sequence[Batch], *, rates: Mapping[str, float], wants_stop: bool
    ) -> StepResult:
        """Learn from the samples of a step.

        Args:
            passes: this process's samples, one batch for each pass.
            rates: the learning rate of each network.
            wants_stop: whether this process would end the run after this step.

        Raises:
            NotFiniteError: a loss or gradient is NaN or infinite, in any process.
        """
        sums = _TermSums(self._fabric.device)
        totals: list[Tensor] = []
        report = None
        for number, batch in enumerate(passes, 1):
            report = self._one_pass(batch, is_last=number == len(passes))
            totals.append(sums.none if report is None else report.total.detach())
            if report is not None:
                sums.add(report)
        here = sum(batch.size for batch in passes)
        skipped = sum(len(batch.skipped) for batch in passes)
        total, terms = sums.read(here)
        everywhere = self._summed([total, here, skipped, wants_stop])
        _check_losses(passes, totals, total, everywhere[0])
        norm = self._update(passes, rates, int(everywhere[1]))
        return StepResult(
            loss=everywhere[0] / everywhere[1] if everywhere[1] else math.nan,
            skipped=int(everywhere[2]),
            gradient_norm=norm,
            terms=terms,
            report=report,
            asked_to_stop=bool(everywhere[3]),
        )

    def _one_pass(self, batch: Batch, *, is_last: bool) -> ObjectiveReport | None:
        """Add the gradients of a batch; every process joins in, also one without a sample."""
        is_empty = batch.size == 0
        if is_empty and self._fabric.world_size == 1:
            return None
        with self._fabric.no_backward_sync(self._module, enabled=not is_last):
            report: ObjectiveReport = self._module(batch.to(self._fabric.device))
            # Gradients are averaged over processes; those of samples are to be added up.
            share = self._fabric.world_size / self._batch_size
            self._fabric.backward(report.total.sum() * share)
        return None if is_empty else report

    def _update(self, passes: Sequence[Batch], rates: Mapping[str, float], count: int) -> float:
        """Let the optimiser step, where there was a sample; the length of the gradient."""
        norm = math.nan
        if count:
            self._rescale(self._batch_size / count)
            length = self._fabric.clip_gradients(
                self._module, self._steps, max_norm=self._clip, error_if_nonfinite=False
            )
            assert length is not None  # noqa: S101 - only clipping by value has none
            norm = float(length)
            self._check_gradient(passes, norm)
            set_rates(self.optimizer, rates)
            self._steps.step()
        self._steps.zero_grad()
        return norm

    def _rescale(self, factor: float) -> None:
        """Make the sum over a full batch a mean over the samples that were not skipped."""
        if factor == 1.0:
            return
        for parameter in self.objective.parameters():
            if parameter.grad is not None:
                parameter.grad.mul_(factor)

    def _summed(self, numbers: Sequence[float]) -> list[float]:
        """The sums over all processes."""
        if self._fabric.world_size == 1:
            return [float(number) for number in numbers]
        tensor = torch.tensor(numbers, dtype=torch.float64, device=self._fabric.device)
        summed = self._fabric.all_reduce(tensor, reduce_op="sum")
        assert isinstance(summed, Tensor)  # noqa: S101 - as went in
        return [float(number) for number in summed.tolist()]

    def _check_gradient(self, passes: Sequence[Batch], norm: float) -> None:
        """A scaler of half precision skips such steps itself and lowers its scale."""
        if not math.isfinite(norm) and not self._has_scaler:
            raise NotFiniteError(
                f"the loss is finite, but its gradient is not; the batch was {_names(passes)}"
            )


class _TermSums:
    """Sums over samples, read from the device once."""

    def __init__(self, device: torch.device) -> None:
        self.none = torch.zeros(0, dtype=torch.float64, device=device)
        self._sums: dict[str, Tensor] = {}
        self._units: dict[str, str] = {}

    def add(self, report: ObjectiveReport) -> None:
        """Take in a pass."""
        for name, term in {_TOTAL: Term(report.total, "1"), **report.terms}.items():
            value = term.value.detach().double().sum()
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._units[name] = term.unit

    def read(self, count: int) -> tuple[float, dict[str, MeanTerm]]:
        """The sum of the totals, and the means over so many samples; waits for the device."""
        if not self._sums:
            return 0.0, {}
        sums = dict(zip(self._sums, torch.stack(list(self._sums.values())).tolist(), strict=True))
        means = {name: MeanTerm(sums[name] / count, self._units[name]) for name in sums}
        return sums[_TOTAL], means


def _check_losses(
    passes: Sequence[Batch], totals: Sequence[Tensor], here: float, everywhere: float
) -> None:
    """Raise NotFiniteError, naming samples, unless the sums over losses are finite."""
    if math.isfinite(everywhere):
        return
    if math.isfinite(here):
        raise NotFiniteError(
            "the loss is not finite for a sample of another process, which names it; the batch "
            f"here was {_names(passes)}"
        )
    bad = [
        name
        for batch, total in zip(passes, totals, strict=True)
        for name, value in zip(batch.names, total.tolist(), strict=True)
        if not math.isfinite(value)
    ]
    origin = [name for batch in passes for name in batch.not_finite()]
    where = f" (in the input of {', '.join(origin)})" if origin else ""
    raise NotFiniteError(
        f"the loss is not finite for {', '.join(bad)}{where}; the batch was {_names(passes)}"
    )


def _names(passes: Sequence[Batch]) -> str:
    return ", ".join(name for batch in passes for name in batch.names)
