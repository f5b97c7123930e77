# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of CSPN, and of CSPN as it was released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from depth_completion_core.models.configs.checks import ResNetTrunk
from depth_completion_core.settings.fields import ConfigError, setting
from depth_completion_core.settings.mapping import check_limits

Norm = Literal["8sum", "8sum_abs"]
"""How affinities are normalised: by the sum of their magnitudes, with their signs or without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CSPNConfig:
    """The network of the paper, with a smaller trunk."""

    trunk: ResNetTrunk = "resnet18"
    """The encoder; the decoder's channels follow it."""
    propagation_steps: int = setting(24, low=0)
    """How often depth is mixed with its neighbours."""
    norm: Norm = "8sum"
    """How affinities are normalised: with their signs (8sum) or without (8sum_abs)."""
    interpolation: bool = False
    """Whether an interpolation of the measurements is seen, too, and the depth to begin with is a
    correction of it, so that one network serves rooms and streets. Not of the paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CSPNLegacyConfig:
    """The released network indoors."""

    trunk: ResNetTrunk = "resnet50"
    """The encoder."""
    propagation_steps: int = setting(24, low=0)
    """How often depth is mixed with its neighbours."""
    norm: Norm = "8sum"
    """How affinities are normalised; the released files are of both kinds and do not say which."""
    size_px: tuple[int, ...] = (304, 228)
    """Width and height that images are resized to, the only ones that the release takes; empty for
    each image's own, which its weights were not trained for."""
    first_step_px: tuple[int, ...] = ()
    """Height and width after the decoder's first step; empty for the encoder's third stage."""

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        check_limits(self)
        for name, size in (("size_px", self.size_px), ("first_step_px", self.first_step_px)):
            if size and (len(size) != 2 or min(size) < 1):
                raise ConfigError(f"'{name}' is two positive whole numbers, got {list(size)}")


PRESETS = {
    "nyu": CSPNLegacyConfig(),
    "nyu_positive": CSPNLegacyConfig(norm="8sum_abs"),
    "kitti": CSPNLegacyConfig(trunk="resnet18", size_px=(912, 228), first_step_px=(15, 58)),
}
"""The settings of the released weights, and of those that a proposed change would make."""
