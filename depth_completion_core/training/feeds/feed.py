# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the steps of a run are made of, wherever it comes from."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from depth_completion_core.training.feeds.sample_order import ProcessShare, SampleOrder

if TYPE_CHECKING:
    import torch

    from depth_completion_core.training.feeds.batch import Batch
    from depth_completion_core.training.feeds.requirements import Requirements


class BatchStream(Protocol):
    """Samples of which a run makes its steps.

    Attributes:
        notes: what is to be said of them before the first step, in sentences.
    """

    notes: tuple[str, ...]

    def __len__(self) -> int:
        """How many there are."""

    def batches(
        self, plan: SampleOrder, share: ProcessShare, *, first_step: int, workers: int
    ) -> Generator[Batch, None, None]:
        """The batches of one process from a step to the end of the run, one for each pass.

        Args:
            plan: which samples belong to which step.
            share: which of those are for this process.
            first_step: where to begin, counted from 0; what follows must not depend on it.
            workers: processes that may read ahead; 0 for none.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What the steps of a run are made of."""

    def stream(
        self, *, seed: int, batch_size: int, device: torch.device, requires: Requirements
    ) -> BatchStream:
        """The samples of the steps, which may be made on the device that they go to.

        Args:
            seed: random seed of the order and of everything that is sampled.
            batch_size: samples of a step, of all devices and passes together.
            device: of this process.
            requires: what each sample must have.

        Raises:
            DataError: something of the data set is missing.
            TrainingError: no sample of such a feed ever has what is required.
        """
        raise NotImplementedError
