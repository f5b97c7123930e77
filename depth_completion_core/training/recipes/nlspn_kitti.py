# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NLSPN on KITTI depth completion, as its authors trained it.

The list is that of ``python -m depth_completion_core.prepare kitti_dc``; the preset ``folders``
trains on all of train/ and validates on val/. The top 100 rows are left out, then images are turned
by up to 5 degrees, enlarged by 1 to 1.5 with depth over that factor, recoloured, and 1216x240
pixels are cut out anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from depth_completion_core.data.readers.kitti_depth import KittiDepth
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.training.recipes.kitti_feeds import KittiDepthFeed
from depth_completion_core.training.recipes.nlspn_published import FOLDERS, NLSPNPublished
from depth_completion_core.training.recipes.published_augmentation import PUBLISHED_AUGMENTATION
from depth_completion_core.training.recipes.published_losses import nlspn_loss
from depth_completion_core.training.recipes.recipe import ValidationConfig

_LIST = "kitti_dc.json"
_CUT_TOP_PX, _CROP_WIDTH_PX, _CROP_HEIGHT_PX = 100, 1216, 240
_VALIDATED = 1000  # of 6852, to be done in minutes


def _reader(split: Literal["train", "val"], split_file: str) -> KittiDepth.Config:
    return KittiDepth.Config(
        split=split, split_file=split_file, crop="none", cut_top_px=_CUT_TOP_PX
    )


def _train_feed(split_file: str) -> KittiDepthFeed:
    return KittiDepthFeed(
        reader=_reader("train", split_file),
        augmentation=replace(
            PUBLISHED_AUGMENTATION,
            zoom_max=1.5,
            zoom_spread="even",
            resampling="nearest",
            crop_width_px=_CROP_WIDTH_PX,
            crop_height_px=_CROP_HEIGHT_PX,
        ),
    )


def _validation_feed(split_file: str) -> KittiDepthFeed:
    return KittiDepthFeed(
        limit=_VALIDATED,
        reader=_reader("val", split_file),
        augmentation=Augmentation(crop_width_px=_CROP_WIDTH_PX, crop_height_px=_CROP_HEIGHT_PX),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NLSPNKitti(NLSPNPublished):
    """See the module."""

    licence: ClassVar[str] = "CC BY-NC-SA 3.0, as KITTI; not for commercial use"

    loss: WeightedLossConfig = field(default_factory=lambda: nlspn_loss(90.0))
    validate: ValidationConfig = field(
        default_factory=lambda: ValidationConfig(every_epochs=1, protocol="kitti")
    )
    data: KittiDepthFeed = field(default_factory=lambda: _train_feed(_LIST))
    validation: KittiDepthFeed = field(default_factory=lambda: _validation_feed(_LIST))


PRESETS = {
    FOLDERS: NLSPNKitti(preset=FOLDERS, data=_train_feed(""), validation=_validation_feed(""))
}
