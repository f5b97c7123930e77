# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which samples are in which step: a function of the seed and the step alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from depth_completion_core.data.sampling.seeding import generator_for
from depth_completion_core.training.errors import TrainingError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draw:
    """One use of a sample.

    Attributes:
        epoch: counted from 0.
        index: of the sample in its data set.
    """

    epoch: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOrder:
    """All steps of a run. What an epoch leaves over that fills no batch is not used in it.

    Attributes:
        seed: of the order.
        samples: how many there are.
        batch_size: samples of one step, of all devices and accumulated passes together.
        epochs: passes over the samples.
        max_steps: the run ends here at the latest; 0 for no such end.
    """

    seed: int
    samples: int
    batch_size: int
    epochs: int
    max_steps: int = 0

    def __post_init__(self) -> None:
        if self.samples < self.batch_size:
            raise TrainingError(
                f"a step takes {self.batch_size} samples, but the data set has {self.samples}; "
                "lower --batch_size or use more data"
            )

    @property
    def steps_per_epoch(self) -> int:
        """Steps of an epoch."""
        return self.samples // self.batch_size

    @property
    def total_steps(self) -> int:
        """Steps of the run."""
        steps = self.epochs * self.steps_per_epoch
        return min(steps, self.max_steps) if self.max_steps else steps

    def draws(self, step: int) -> list[Draw]:
        """The samples of a step, counted from 0."""
        epoch, position = divmod(step, self.steps_per_epoch)
        first = position * self.batch_size
        order = _order(self.seed, self.samples, epoch)
        return [Draw(epoch, index) for index in order[first : first + self.batch_size]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessShare:
    """What of every step is one process's.

    Attributes:
        rank: of the process, from 0.
        world: number of processes.
        passes: forward and backward passes that each makes before a step.
    """

    rank: int = 0
    world: int = 1
    passes: int = 1

    def check(self, batch_size: int) -> None:
        """Raise TrainingError unless a step can be divided evenly."""
        parts = self.world * self.passes
        if batch_size % parts:
            raise TrainingError(
                f"a step's {batch_size} samples cannot be divided evenly over {self.world} "
                f"processes with {self.passes} passes each; make --batch_size a multiple of {parts}"
            )

    def passes_of(self, draws: list[T]) -> Iterator[list[T]]:
        """The samples, or places, of a step that each pass of this process takes."""
        size = len(draws) // (self.world * self.passes)
        for number in range(self.passes):
            first = (number * self.world + self.rank) * size
            yield draws[first : first + size]


@lru_cache(maxsize=2)
def _order(seed: int, samples: int, epoch: int) -> tuple[int, ...]:
    order = generator_for(seed, "order of an epoch", epoch).permutation(samples)
    return tuple(int(index) for index in order)
