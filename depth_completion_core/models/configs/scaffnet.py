# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of ScaffNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from depth_completion_core.models.configs.checks import (
    check_depth_range,
    check_filters,
    check_odd,
)
from depth_completion_core.settings.fields import ConfigError, setting
from depth_completion_core.settings.mapping import check_limits

_MOST_POOLS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetConfig:
    """The released network indoors."""

    encoder: Literal["vggnet08", "resnet18"] = "vggnet08"
    """The number counts two more layers, which completion does not have."""
    min_predict_depth: float = 0.1
    """Nearest depth, metres; what is predicted reaches down to 1/(1/min + 1/max)."""
    max_predict_depth: float = 10.0
    """Farthest depth, metres; farther measurements are lowered to it."""
    pool_sizes: tuple[int, ...] = (13, 17, 19, 21, 25)
    """Sides of the pooling windows in pixels, odd; none leaves the pooling out."""
    encoder_filters: tuple[int, ...] = (16, 32, 64, 128, 256)
    """Channels of the encoder, finest first."""
    decoder_filters: tuple[int, ...] = (256, 128, 128, 64, 32)
    """Channels of the decoder, coarsest first."""
    output_resolutions: int = setting(1, low=1, high=4)
    """Sizes at which there is an output, each half of the one before; the coarser ones are seen by
    the finer ones."""
    batch_norm: bool = True
    """Whether convolutions are normalised."""
    uncertainty: bool = False
    """Whether a second decoder predicts how far the depth is off."""
    scale_free: bool = False
    """Whether depth is seen in multiples of the geometric mean of the measurements, so that one
    network serves rooms and streets; the depths above are such multiples then. Not released."""
    interpolation: bool = False
    """Whether an interpolation of the measurements is seen, too, and what is predicted is the
    logarithm of the ratio to it; the depths above are multiples of it then. Not released."""
    measured_share: float = setting(0.0, low=0.0, high=1.0)
    """Share of measured pixels at which it is best: images with fewer are shrunk for it, and its
    answer is anchored; 0 for each image's own size. Not released."""

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        check_limits(self)
        check_filters("encoder_filters", self.encoder_filters)
        check_filters("decoder_filters", self.decoder_filters)
        check_depth_range(self.min_predict_depth, self.max_predict_depth)
        if len(self.pool_sizes) > _MOST_POOLS:
            raise ConfigError(
                f"'pool_sizes' is {_MOST_POOLS} sizes at most, got {len(self.pool_sizes)} of them"
            )
        for size in self.pool_sizes:
            check_odd("pool_sizes", size)


PRESETS = {
    "void": ScaffNetConfig(),
    "kitti": ScaffNetConfig(min_predict_depth=1.5, max_predict_depth=80.0),
}
"""The settings of the released weights, by the benchmark they are for."""
