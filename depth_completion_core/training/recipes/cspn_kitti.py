# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CSPN on KITTI's odometry drives, as its authors trained it, or on KITTI depth completion.

The default is the paper's: HDF5 files of Sparse-to-Dense, 500 points of each projected sweep, which
is the truth. The authors also divided depth by 1 to 1.5 without enlarging the image, which is left
out. The preset ``depth_completion`` trains the same network with all points of KITTI's benchmark.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from depth_completion_core.data.readers.kitti_depth import KittiDepth
from depth_completion_core.data.readers.kitti_odometry import KittiOdometry
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.feeds.reader_feed import ReaderFeed
from depth_completion_core.training.recipes.cspn_published import CSPNPublished
from depth_completion_core.training.recipes.published_augmentation import PUBLISHED_AUGMENTATION
from depth_completion_core.training.recipes.recipe import ValidationConfig

Edition = Literal["odometry", "depth_completion"]

_BENCHMARK = "depth_completion"
_CROP_WIDTH_PX, _CROP_HEIGHT_PX = 912, 228
_VALIDATED = 1000  # of tens of thousands, to be done in minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class CSPNKittiFeed(ReaderFeed):
    """KITTI in either form; its folder holds train/ and val/."""

    edition: Edition = "odometry"
    """odometry: HDF5 files, by the settings of that name. depth_completion: the benchmark."""
    odometry: KittiOdometry.Config = field(default_factory=KittiOdometry.Config)
    depth_completion: KittiDepth.Config = field(default_factory=KittiDepth.Config)

    def dataset(self) -> tuple[str, dict[str, Any]]:
        """See the base class."""
        if self.edition == "odometry":
            return "kitti_odometry", config_to_mapping(self.odometry)
        return "kitti_depth", config_to_mapping(self.depth_completion)


def _feed(
    edition: Edition, split: Literal["train", "val"], *, limit: int = 0, is_varied: bool = False
) -> CSPNKittiFeed:
    return CSPNKittiFeed(
        edition=edition,
        limit=limit,
        odometry=KittiOdometry.Config(split=split, crop="region"),
        depth_completion=KittiDepth.Config(split=split, crop="none"),
        points=(KittiOdometry.default_sparsifier,) if edition == "odometry" else (),
        sample_from="crop",
        augmentation=replace(
            PUBLISHED_AUGMENTATION if is_varied else Augmentation(),
            crop_width_px=_CROP_WIDTH_PX,
            crop_height_px=_CROP_HEIGHT_PX,
            crop_horizontal="centre",
            crop_vertical="centre" if edition == "odometry" else "bottom",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CSPNKitti(CSPNPublished):
    """See the module."""

    licence: ClassVar[str] = "CC BY-NC-SA 3.0, as KITTI; not for commercial use"

    validate: ValidationConfig = field(
        default_factory=lambda: ValidationConfig(every_epochs=1, protocol="kitti")
    )
    data: CSPNKittiFeed = field(default_factory=lambda: _feed("odometry", "train", is_varied=True))
    validation: CSPNKittiFeed = field(
        default_factory=lambda: _feed("odometry", "val", limit=_VALIDATED)
    )


PRESETS = {
    _BENCHMARK: CSPNKitti(
        preset=_BENCHMARK,
        data=_feed("depth_completion", "train", is_varied=True),
        validation=_feed("depth_completion", "val", limit=_VALIDATED),
    )
}
