# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bank of frames of the synthetic world to train on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from depth_completion_core.training.feeds.bank_settings import BankSettings

if TYPE_CHECKING:
    import torch

    from depth_completion_core.training.feeds.bank_batches import BankBatches
    from depth_completion_core.training.feeds.requirements import Requirements


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFeed(BankSettings):
    """A bank of frames, some of which are replaced by new ones after every pass over them.

    Nothing is loaded for a step: sensors and augmentation are sampled on the device.
    """

    def stream(
        self, *, seed: int, batch_size: int, device: torch.device, requires: Requirements
    ) -> BankBatches:
        """See the base class; frames are rendered once the first batch is asked for."""
        from depth_completion_core.training.feeds.bank_batches import BankBatches  # noqa: PLC0415

        return BankBatches(self, seed=seed, batch_size=batch_size, device=device, requires=requires)
