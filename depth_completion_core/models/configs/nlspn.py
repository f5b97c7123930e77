# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of NLSPN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from depth_completion_core.models.configs.checks import check_odd
from depth_completion_core.settings.fields import ConfigError, setting
from depth_completion_core.settings.mapping import check_limits

Affinity = Literal["TGASS", "TC", "ASS", "AS"]
"""How affinities are normalised: absolute sum (AS), only where it is above 1 (ASS), tanh over a
constant (TC), tanh over a learned factor and then as ASS (TGASS)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NLSPNConfig:
    """The network of the paper."""

    trunk: Literal["resnet18", "resnet34"] = "resnet34"
    """The encoder."""
    propagation_steps: int = setting(18, low=0)
    """How often depth is mixed with its neighbours."""
    propagation_kernel: int = setting(3, low=3)
    """Side of the square of neighbours before they are moved, odd."""
    affinity: Affinity = "TGASS"
    """How affinities are normalised."""
    affinity_gamma: float = setting(0.5, low=1e-6)
    """Where TGASS's learned factor begins, for each neighbour."""
    confidence: bool = True
    """Whether a learned confidence of the neighbours weighs their affinities."""
    preserve_input: bool = False
    """Whether measurements are put back before each step. The released weights want it."""
    legacy: bool = False
    """Whether neighbours are moved by their place in the square once more, as a mistake of the
    first release did. The released weights want it."""
    short_side_px: int = setting(0, low=0)
    """Shorter side of the images that its weights were trained on; larger ones are resized to it,
    unless the settings ask for a size. 0 for each image's own."""
    max_depth: float = setting(0.0, low=0.0)
    """Farthest depth that its weights were trained for, metres; 0 where that is not known. Nothing
    is cut off there."""
    interpolation: bool = False
    """Whether an interpolation of the measurements is seen, too, and the depth to begin with is a
    correction of it, so that one network serves rooms and streets. Not released."""

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        check_limits(self)
        check_odd("propagation_kernel", self.propagation_kernel)
        if self.propagation_kernel > 15:
            raise ConfigError(
                "'propagation_kernel' is at most 15, for 224 neighbours; got "
                f"{self.propagation_kernel}"
            )

    @property
    def neighbours(self) -> int:
        """How many there are of each pixel."""
        return self.propagation_kernel**2 - 1


PRESETS = {
    "nyu": NLSPNConfig(preserve_input=True, legacy=True, short_side_px=240, max_depth=10.0),
    "kitti": NLSPNConfig(preserve_input=True, legacy=True, max_depth=90.0),
}
"""The settings of the released weights, by the benchmark they are for."""
