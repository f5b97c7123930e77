# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of FusionNet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from depth_completion_core.models.configs.checks import (
    Encoder,
    check_depth_range,
    check_filters,
    check_odd,
)
from depth_completion_core.models.configs.scaffnet import PRESETS as SCAFFNET_PRESETS
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.settings.fields import ConfigError, setting
from depth_completion_core.settings.mapping import check_limits


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionNetConfig:
    """The released network indoors."""

    scaffnet: ScaffNetConfig = field(default_factory=ScaffNetConfig)
    encoder: Encoder = "vggnet08"
    """Of both branches."""
    image_filters: tuple[int, ...] = (48, 96, 192, 384, 384)
    """Channels of the image branch, finest first."""
    depth_filters: tuple[int, ...] = (16, 32, 64, 128, 128)
    """Channels of the depth branch, finest first."""
    decoder_filters: tuple[int, ...] = (256, 128, 128, 64, 32)
    """Channels of the decoder, coarsest first."""
    output_resolutions: int = setting(1, low=1, high=4)
    """As ScaffNet's."""
    min_predict_depth: float = 0.1
    """Nearest predicted depth, metres."""
    max_predict_depth: float = 8.0
    """Farthest predicted depth, metres; farther measurements are lowered to it."""
    outlier_kernel_px: int = 7
    """Side of the window searched for something nearer; 1 keeps every measurement."""
    outlier_threshold: float = 1.5
    """A measurement farther than this behind the nearest in the window is dropped, metres."""
    scale_match: Literal["local_scale", "replace", "none"] = "local_scale"
    """How ScaffNet's depth is fitted to the measurements."""
    scale_match_kernel_px: int = 5
    """Side of the window in which a measurement scales ScaffNet's depth."""
    min_multiplier: float = 0.25
    """Least factor on the fitted depth."""
    max_multiplier: float = 4.0
    """Greatest factor on the fitted depth."""
    log_multiplier: bool = False
    """Whether an output of 0 leaves the fitted depth and others are logarithms of the factor,
    rather than a place between least and greatest. Not released."""
    max_residual: float = 1000.0
    """Most that is added or taken away afterwards, metres."""
    scale_free: bool = False
    """As ScaffNet's: nearest, farthest and residual are multiples of the geometric mean of the
    measurements then; the outlier threshold stays in metres."""
    batch_norm: bool = False
    """Whether convolutions are normalised."""
    full_size_skip: bool = False
    """Whether the decoder's last step sees image and depths at full size, for edges that keep
    to the pixel. Not released."""
    measured_share: float = setting(0.0, low=0.0, high=1.0)
    """Share of measured pixels at which it is best: images with fewer are shrunk for it, and its
    answer is anchored; 0 for each image's own size. Not released."""

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        check_limits(self)
        for name in ("image_filters", "depth_filters", "decoder_filters"):
            check_filters(name, getattr(self, name))
        check_depth_range(self.min_predict_depth, self.max_predict_depth)
        check_odd("outlier_kernel_px", self.outlier_kernel_px)
        check_odd("scale_match_kernel_px", self.scale_match_kernel_px)
        if not 0 < self.min_multiplier < self.max_multiplier:
            raise ConfigError(
                "'min_multiplier' is above 0 and below 'max_multiplier', "
                f"got {self.min_multiplier} and {self.max_multiplier}"
            )
        if self.max_residual < 0 or self.outlier_threshold < 0:
            raise ConfigError(
                "'max_residual' and 'outlier_threshold' are not negative, "
                f"got {self.max_residual} and {self.outlier_threshold}"
            )


PRESETS = {
    "void": FusionNetConfig(scaffnet=SCAFFNET_PRESETS["void"]),
    "kitti": FusionNetConfig(
        scaffnet=SCAFFNET_PRESETS["kitti"], min_predict_depth=1.5, max_predict_depth=100.0
    ),
}
"""The settings of the release, by the benchmark they are for."""
