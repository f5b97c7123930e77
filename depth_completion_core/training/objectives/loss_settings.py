# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of the losses, apart from the losses: recipes name them without torch."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from depth_completion_core.losses.reduction import Reduction
from depth_completion_core.settings.fields import ConfigError, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetLossConfig:
    """The loss of the release; a network with ``uncertainty`` has its own in place of it."""

    kind: Literal["normalized_l1", "l1", "log_l1"] = "normalized_l1"
    """normalized_l1: absolute error over the truth. l1: absolute error, metres. log_l1: absolute
    logarithm of the ratio."""
    w_relative_rmse: float = setting(0.0, low=0.0)
    """Beside it, the weight of the root of the mean squared error over the mean truth."""
    reduction: Reduction = "all_pixels"
    """What an image's sum is divided by; the first as in the authors' PyTorch release, the second
    as in their TensorFlow one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionNetLossConfig:
    """Weights of the losses: w_l1 L1 + w_l2 L2 as in the release's class, and some of our own."""

    w_l1: float = setting(1.0, low=0.0)
    """Of the absolute error in metres."""
    w_l2: float = setting(0.0, low=0.0)
    """Of the squared error in square metres."""
    w_normalized_l1: float = setting(1.0, low=0.0)
    """Of the absolute error over the truth, which makes near things count."""
    w_log_l1: float = setting(0.0, low=0.0)
    """Of the absolute logarithm of the ratio to the truth."""
    w_relative_rmse: float = setting(0.0, low=0.0)
    """Of the root of the mean squared error over the mean truth."""
    reduction: Reduction = "all_pixels"
    """What an image's sum is divided by."""

    def __post_init__(self) -> None:
        if not sum(self.weights().values()) > 0:
            raise ConfigError("a loss has a weight above 0; all weights are 0")

    def weights(self) -> dict[str, float]:
        """The weight of each loss by its name."""
        return {
            item.name.removeprefix("w_").replace("_", " "): getattr(self, item.name)
            for item in fields(self)
            if item.name.startswith("w_")
        }
