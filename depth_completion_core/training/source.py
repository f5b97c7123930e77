# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the samples of a run come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from depth_completion_core.config import setting
from depth_completion_core.data.sample import DepthDataset, Sample
from depth_completion_core.training.loading import DrawnSamples, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What the steps of a run are made of."""

    def stream(self, *, seed: int, batch_size: int, device: torch.device) -> Stream:
        """The samples of the steps, which may be made on the device that they go to.

        Args:
            seed: of order and of all that is drawn.
            batch_size: samples of a step, of all devices and passes together.
            device: of this process.

        Raises:
            DataError: something of the data set is missing.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Feed):
    """A data set, and what is done to its samples; recipes extend it with their reader."""

    limit: int = setting(0, low=0)
    """At most so many samples, evenly spread over the set; 0 for all."""
    keep_in_memory: bool = False
    """Read every sample once only; each worker keeps its own."""

    def stream(self, *, seed: int, batch_size: int, device: torch.device) -> Stream:
        """See the base class; samples are read on the host."""
        del batch_size, device
        return DrawnSamples(self, seed)

    def open(self) -> DepthDataset:
        """The reader; raises DataError where something of the set is missing."""
        raise NotImplementedError

    def changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        """The sample as it is trained on: measurements drawn, augmented.

        Args:
            sample: as read; it stays as it is.
            generator: the only source of chance, so that a sample is the same in every run.
        """
        del generator
        return sample
