# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a plan to batches: read, changed, side by side, in this process or in workers."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from depth_completion_core.data.sample import DepthDataset, Sample
from depth_completion_core.data.seeding import generator_for
from depth_completion_core.training.batch import Batch, collate
from depth_completion_core.training.plan import Draw, Plan, Share

if TYPE_CHECKING:
    from depth_completion_core.training.source import Source


class Stream(Protocol):
    """Samples of which a run makes its steps."""

    def __len__(self) -> int:
        """How many there are."""

    def batches(
        self, plan: Plan, share: Share, *, first_step: int, workers: int
    ) -> Generator[Batch, None, None]:
        """The batches of one process from a step to the end of the run, one for each pass.

        Args:
            plan: which samples belong to which step.
            share: which of those are for this process.
            first_step: where to begin, counted from 0; what follows must not depend on it.
            workers: processes that may read ahead; 0 for none.
        """


class DrawnSamples(Dataset[Sample]):
    """The samples of a source by draw: chance depends on seed, epoch and sample only.

    Args:
        source: where they come from.
        seed: of what is done to them.
    """

    def __init__(self, source: Source, seed: int) -> None:
        self._source, self._seed = source, seed
        self._dataset: DepthDataset = source.open()
        self._chosen = _spread(len(self._dataset), source.limit)
        self._kept: dict[int, Sample] = {}

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, draw: Draw) -> Sample:
        sample = self._read(self._chosen[draw.index])
        generator = generator_for(self._seed, sample.name, draw.epoch)
        return self._source.changed(sample, generator)

    def batches(
        self, plan: Plan, share: Share, *, first_step: int, workers: int
    ) -> Generator[Batch, None, None]:
        """See :class:`Stream`; read in this process, or by workers."""
        # A generator of its own: a loader without one draws from the global generator.
        loader = DataLoader(
            self,
            batch_sampler=_Order(plan, share, first_step),
            num_workers=workers,
            collate_fn=collate,
            generator=torch.Generator(),
            multiprocessing_context="forkserver" if workers else None,
        )
        yield from loader

    def _read(self, index: int) -> Sample:
        if index in self._kept:
            return self._kept[index]
        sample = self._dataset[index]
        if self._source.keep_in_memory:
            self._kept[index] = sample
        return sample


class _Order:
    """The draws of every pass from a step on."""

    def __init__(self, plan: Plan, share: Share, first_step: int) -> None:
        self._plan, self._share, self._first_step = plan, share, first_step

    def __iter__(self) -> Iterator[list[Draw]]:
        for step in range(self._first_step, self._plan.total_steps):
            yield from self._share.passes_of(self._plan.draws(step))

    def __len__(self) -> int:
        return max(self._plan.total_steps - self._first_step, 0) * self._share.passes


def _spread(available: int, limit: int) -> list[int]:
    count = min(limit, available) if limit else available
    return [int(index) for index in np.linspace(0, available - 1, count).round()]
