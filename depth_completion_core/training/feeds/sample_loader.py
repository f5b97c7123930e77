# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a plan to batches: read, augmented and collated, in this process or in workers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from depth_completion_core.data.sample import (
    DataError,
    DepthDataset,
    Sample,
    UnfitSampleError,
)
from depth_completion_core.data.sampling.choosing import evenly_spread
from depth_completion_core.data.sampling.seeding import generator_for
from depth_completion_core.training.feeds.batch import Batch, Skipped
from depth_completion_core.training.feeds.collating import collate
from depth_completion_core.training.feeds.requirements import Requirements
from depth_completion_core.training.feeds.sample_order import Draw, ProcessShare, SampleOrder

Change: TypeAlias = Callable[[Sample, np.random.Generator], Sample]


class SampleLoader(Dataset["Sample | Skipped"]):
    """The samples of a data set by draw: chance depends on seed, epoch and sample only.

    Args:
        dataset: where they come from.
        change: what is done to each, with the only chance it may use; it is sent to workers.
        requires: what each must have.
        limit: largest number of samples, spread evenly over the data set; 0 for all.
        seed: of what is done to them.
        keep_in_memory: read every sample once only.
        notes: see :class:`BatchStream`.
    """

    def __init__(
        self,
        dataset: DepthDataset,
        change: Change,
        *,
        requires: Requirements,
        limit: int,
        seed: int,
        keep_in_memory: bool,
        notes: Sequence[str] = (),
    ) -> None:
        self.notes = tuple(notes)
        self._dataset, self._change, self._seed = dataset, change, seed
        self._requires, self._keep_in_memory = requires, keep_in_memory
        self._chosen = evenly_spread(len(dataset), limit)
        self._kept: dict[int, Sample] = {}

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, draw: Draw) -> Sample | Skipped:
        index = self._chosen[draw.index]
        try:
            sample = self._read(index)
            generator = generator_for(self._seed, sample.name, draw.epoch)
            return self._change(sample, generator)
        except UnfitSampleError as error:
            return Skipped(self._dataset.names[index], error.reason, str(error))

    def batches(
        self, plan: SampleOrder, share: ProcessShare, *, first_step: int, workers: int
    ) -> Generator[Batch, None, None]:
        """As BatchStream asks for; read in this process, or by workers."""
        # A generator of its own: a loader without one draws from the global generator.
        loader = DataLoader(
            self,
            batch_sampler=_Order(plan, share, first_step),
            num_workers=workers,
            collate_fn=partial(collate, requires=self._requires),
            generator=torch.Generator(),
            multiprocessing_context="forkserver" if workers else None,
        )
        try:
            yield from loader
        except DataError as error:
            raise DataError(_sentence(error)) from error

    def batch_of(self, index: int) -> Batch:
        """One sample as a batch, as the first epoch draws it; empty where it lacks something."""
        return collate([self[Draw(0, index)]], self._requires)

    def _read(self, index: int) -> Sample:
        if index in self._kept:
            return self._kept[index]
        sample = self._dataset[index]
        if self._keep_in_memory:
            self._kept[index] = sample
        return sample


class _Order:
    """The draws of every pass from a step on."""

    def __init__(self, plan: SampleOrder, share: ProcessShare, first_step: int) -> None:
        self._plan, self._share, self._first_step = plan, share, first_step

    def __iter__(self) -> Iterator[list[Draw]]:
        for step in range(self._first_step, self._plan.total_steps):
            yield from self._share.passes_of(self._plan.draws(step))

    def __len__(self) -> int:
        return max(self._plan.total_steps - self._first_step, 0) * self._share.passes


def _sentence(error: DataError) -> str:
    """What was wrong, without the traceback that torch puts around it in a worker."""
    return str(error).rpartition(f"{type(error).__name__}: ")[2].strip()
