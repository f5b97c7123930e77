# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet on KITTI, learned without true depth as its authors do, around a ScaffNet for streets.

Neighbours are the images before and after, or files of three images side by side that the authors'
lists name (``--data.neighbours triplets``). The authors leave out frames of a car that stands
still; ``--data.leave_out FILE`` takes such a list.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from depth_completion_core.data.readers.kitti_depth import KittiDepth
from depth_completion_core.data.readers.scaffnet_lists import ScaffNetLists
from depth_completion_core.losses.view_weights import ViewSynthesisLossConfig
from depth_completion_core.models.configs.fusionnet import PRESETS as NETWORKS
from depth_completion_core.models.configs.fusionnet import FusionNetConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.feeds.reader_feed import ReaderFeed
from depth_completion_core.training.recipes.fusionnet_views import (
    Frames,
    FusionNetViewsRecipe,
    as_in_the_paper,
    rates_until,
)
from depth_completion_core.training.recipes.kitti_feeds import KittiDepthFeed
from depth_completion_core.training.recipes.recipe import RunConfig, ValidationConfig
from depth_completion_core.training.recipes.scaffnet_releases import crop_at_the_bottom
from depth_completion_core.training.recipes.schedule import ScheduleConfig

_RATES = {18: 2e-4, 24: 1e-4, 30: 5e-5}
_WEIGHTS = ViewSynthesisLossConfig(w_sparse_depth=0.1, w_smoothness=0.01, prior="released")


@dataclass(frozen=True, slots=True, kw_only=True)
class KittiTripletFeed(ReaderFeed):
    """KITTI depth completion with neighbouring images."""

    neighbours: Frames = "frames"
    """frames: images of the raw drives. triplets: files of three images side by side."""
    frames: KittiDepth.Config = field(
        default_factory=lambda: KittiDepth.Config(split="train", triplet_offset=1, crop="none")
    )
    triplets: ScaffNetLists.Config = field(
        default_factory=lambda: ScaffNetLists.Config(
            lists="training/kitti/unsupervised/kitti_train_nonstatic"
        )
    )

    def dataset(self) -> tuple[str, dict[str, Any]]:
        """See the base class."""
        if self.neighbours == "triplets":
            return "scaffnet_lists", config_to_mapping(self.triplets)
        return "kitti_depth", config_to_mapping(self.frames)


def _train_feed(*, flip: float) -> KittiTripletFeed:
    return KittiTripletFeed(
        augmentation=crop_at_the_bottom(768, 320, flip=flip, place="anchored" if flip else "random")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionNetKitti(FusionNetViewsRecipe):
    """The settings of the PyTorch release."""

    licence: ClassVar[str] = "CC BY-NC-SA 3.0, as KITTI; not for commercial use"

    epochs: int = setting(30, low=1)
    batch_size: int = setting(8, low=1)
    network: FusionNetConfig = NETWORKS["kitti"]
    loss: ViewSynthesisLossConfig = _WEIGHTS
    schedule: ScheduleConfig = field(default_factory=lambda: rates_until(_RATES))
    validate: ValidationConfig = field(
        default_factory=lambda: ValidationConfig(every_steps=5000, protocol="kitti_capped")
    )
    data: KittiTripletFeed = field(default_factory=lambda: _train_feed(flip=0.5))
    validation: KittiDepthFeed = field(
        default_factory=lambda: KittiDepthFeed(reader=KittiDepth.Config(split="val"), limit=1000)
    )
    run: RunConfig = field(default_factory=lambda: RunConfig(checkpoint_steps=5000, workers=8))


PRESETS = {
    "pytorch": FusionNetKitti(),
    "paper": replace(
        as_in_the_paper(
            FusionNetKitti(),
            epochs=30,
            rates=_RATES,
            loss=replace(_WEIGHTS, prior="per_image", prior_threshold=0.4),
        ),
        data=_train_feed(flip=0.0),
    ),
}
"""The settings of both releases, by name."""
