# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Samples of a data set, and what is done to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from depth_completion_core.data.leaving_out import left_out
from depth_completion_core.data.part_of_set import PartOfSet
from depth_completion_core.data.sample import DepthDataset, Sample
from depth_completion_core.settings.fields import setting
from depth_completion_core.training.feeds.feed import Feed

if TYPE_CHECKING:
    import torch

    from depth_completion_core.training.feeds.requirements import Requirements
    from depth_completion_core.training.feeds.sample_loader import SampleLoader


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFeed(Feed):
    """A data set, and what is done to its samples; recipes extend it with their reader."""

    limit: int = setting(0, low=0)
    """Largest number of samples, spread evenly over the data set; 0 for all."""
    leave_out: str = ""
    """List of samples to leave out, such as frames in which the camera stands still: a name on each
    line, or DATE DRIVE NUMBER as in lists for KITTI; empty for none."""
    keep_in_memory: bool = False
    """Read every sample only once; each worker keeps its own."""

    def stream(
        self, *, seed: int, batch_size: int, device: torch.device, requires: Requirements
    ) -> SampleLoader:
        """See the base class; samples are read on the host."""
        del batch_size, device
        return self.samples(seed, requires)

    def samples(self, seed: int, requires: Requirements) -> SampleLoader:
        """The samples by draw; raises DataError where something of the set is missing."""
        from depth_completion_core.training.feeds.sample_loader import SampleLoader  # noqa: PLC0415

        dataset, notes = self.open(), []
        if self.leave_out:
            kept, note = left_out(dataset.names, Path(self.leave_out))
            dataset, notes = PartOfSet(dataset, kept), [note]
        return SampleLoader(
            dataset,
            self.changed,
            notes=notes,
            requires=requires,
            limit=self.limit,
            seed=seed,
            keep_in_memory=self.keep_in_memory,
        )

    def open(self) -> DepthDataset:
        """The reader; raises DataError where something of the set is missing."""
        raise NotImplementedError

    def beside(self, trained: Feed) -> DatasetFeed:
        """As what is scored on beside a feed that is trained on, of which it may take something."""
        del trained
        return self

    def changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        """The sample as it is trained on: measurements sampled, augmented.

        Args:
            sample: as read; it stays as it is.
            generator: the only source of chance, so that a sample is the same in every run.
        """
        del generator
        return sample
