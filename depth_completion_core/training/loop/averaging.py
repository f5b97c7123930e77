# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The running mean of weights, which is often better than the last ones."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class AveragedWeights:
    """An exponential moving average of everything in a model's state.

    It forgets faster in the first steps, as min(decay, (1 + n) / (10 + n)) after n of them, so that
    random beginnings do not stay in it. Whole numbers are copied.

    Attributes:
        values: the averages by name.
        updates: how many there were.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self.values = {key: value.detach().clone() for key, value in model.state_dict().items()}
        self.updates = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take one more state into the average."""
        decay = min(self._decay, (1 + self.updates) / (10 + self.updates))
        for key, value in model.state_dict().items():
            if value.is_floating_point():
                self.values[key].lerp_(value, 1.0 - decay)
            else:
                self.values[key].copy_(value)
        self.updates += 1

    def load(self, values: Mapping[str, Tensor], updates: int) -> None:
        """Go on from saved averages."""
        for key, value in self.values.items():
            value.copy_(values[key])
        self.updates = updates
